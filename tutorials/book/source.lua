-- Sources as pandoc's blocks, for chapter.lua and readme.lua. A comment that fills its lines is prose beside the code
-- after it; other code stays as it is. In a comment,
--
--   three spaces begin a formula (formula.lua), with two or more spaces between its parts, or a list: "1. ...", or
--   "* term  ..." of terms. Lines that are further to the right belong to the item above;
--   "$ ..." there is a command, what ends with ";" is code, and "| ..." is shown as it is.
--
-- BOOK_ROOT is the way from a page to the repository.
package.path = pandoc.path.directory(PANDOC_SCRIPT_FILE) .. "/?.lua;" .. package.path
local formula = require("formula")
local root = os.getenv("BOOK_ROOT")
local source = { place = { file = "", line = 0 } }  -- what is being read, for messages
local place = source.place

function source.fail(message) error(place.file .. ":" .. place.line .. ": " .. message, 0) end
function source.lines_of(file)
  local lines = {}
  for line in io.lines(file) do lines[#lines + 1] = line end
  return lines
end
function source.files(pattern)
  local found = {}
  local list = io.popen("ls " .. pattern .. " 2> /dev/null")
  for file in list:lines() do found[#found + 1] = file end
  list:close()
  return found
end
local function math(text, make)
  local ok, result = pcall(make, text)
  if not ok then source.fail("formula '" .. text .. "': " .. result .. "; hint: tutorials/book/formula.lua") end
  return result
end

-- --- prose

local previous_word = ""
-- A word of prose: names of the code, files, chapters and indices are more than letters.
local function inline(word)
  local before, core, after = word:match("^([(%[\"]*)(.-)([.,:;)%]\"?]*)$")
  local made
  if core:find("[", 1, true) and after:match("^%]") then core, after = core .. "]", after:sub(2) end
  if core:match("%($") and after:match("^%)") then core, after = core .. ")", after:sub(2) end
  if core:match("^`.*`$") then
    made = pandoc.Code((core:sub(2, -2):gsub("\u{A0}", " ")))
  elseif core:match("^[%w_]+/[%w_./]*%.%a+$") then
    made = pandoc.Link(pandoc.Code(core), root .. "/" .. core)
  elseif core:match("^[01]%d$") and previous_word:match("^[Cc]?h?apters?$") or
         core:match("^[01]%d$") and (previous_word == "Needs" or previous_word == "linked") then
    local file = source.files("tutorials/" .. core .. "_*.cpp")[1]
    made = file and pandoc.Link(core, file:match("([%w_]+)%.cpp$") .. ".html") or pandoc.Str(core)
    core = "linked"
  elseif core:match("^d?%a%d?[_^][%w{}'/+_^-]+$") and not core:match("_%a%a%a%a") and not core:match("^Q%d") or core:match("^sum_%a$") or
         core:match("^d%a/d%a_%a$") then
    made = pandoc.Math("InlineMath", math(core, formula.tex))
  elseif core:match("%a%a_%a") or core:match("::") or core:match("%w%(%)$") or core:match("^%-%-%a") or
         core:match("^k%u%l") or core:match("%.h$") or core:match("%.cpp$") then
    made = pandoc.Code(core)
  else
    before, made, after = "", pandoc.Str(word), ""
  end
  previous_word = (core == "linked" and after:match("[.;]")) and "" or core
  return pandoc.List({ pandoc.Str(before), made, pandoc.Str(after) })
end
function source.paragraph(text)
  local inlines = pandoc.List()
  previous_word = ""
  text = text:gsub("[_^]%b{}", function(index) return index:gsub("%s", "") end)
  text = text:gsub("`[^`]+`", function(code) return code:gsub(" ", "\u{A0}") end)
  for word in text:gmatch("%S+") do
    if #inlines > 0 then inlines:insert(pandoc.Space()) end
    inlines:extend(inline(word))
  end
  return pandoc.Para(inlines)
end

local function display(text)
  if text:match("^| ") then return pandoc.CodeBlock(text:sub(3), { class = "plain" }) end
  if text:match("^%$ ") then return pandoc.CodeBlock(text:sub(3), { class = "bash" }) end
  if text:match(";$") then return pandoc.CodeBlock(text, { class = "cpp" }) end
  local cells, rest = pandoc.List(), text:gsub("%s+= ", " = ")
  while rest do
    local cell, following = rest:match("^(.-)%s%s+(.*)$")
    cell, rest = cell or rest, following
    local label = #cells == 0 and rest and not cell:match("[=<>+*/^|(]")
    local inlines = label and { pandoc.Str(cell) } or math(cell, formula.inlines)
    if cell ~= "" then cells:insert(pandoc.Span(inlines, { class = label and "label" or "part" })) end
  end
  return pandoc.Div(pandoc.Plain(cells), { class = "formula" })
end

-- What three spaces began, "1. ...", "* term  ..." or a line to display.
local function shown_block(text)
  local number, item = text:match("^(%d)%. (.*)$")
  if number then return pandoc.OrderedList({ source.paragraph(item) }, pandoc.ListAttributes(tonumber(number))) end
  local term, meaning = text:match("^%* (.-)%s%s+(.*)$")
  if term then return pandoc.DefinitionList({ { source.paragraph(term).content, { { pandoc.Plain(source.paragraph(meaning).content) } } } }) end
  return display(text)
end

-- The text of a comment, its lines without //, as blocks. `first`: the number of its first line.
function source.prose(comment, first)
  local blocks, text, item = pandoc.List(), {}, nil  -- the item of a list that is not finished
  local function finish()
    if #text > 0 then blocks:insert(source.paragraph(table.concat(text, " "))) end
    text = {}
  end
  local function finish_item()
    if not item then return end
    local before, block = blocks[#blocks], shown_block(item.text)
    if before and before.t == "CodeBlock" and block.t == "CodeBlock" then
      before.text = before.text .. "\n" .. block.text
    elseif before and before.t == "DefinitionList" and block.t == "DefinitionList" then
      blocks[#blocks] = pandoc.DefinitionList(before.content .. block.content)
    else
      blocks:insert(block)
    end
    item = nil
  end
  for i, line in ipairs(comment) do
    local indent, shown = line:match("^   ( *)(%S.*)$")
    local title = line:match("^ %-%-%- (.-)[ -]*$")
    if shown and item and item.listed and #indent > item.indent then
      item.text = item.text .. " " .. shown
    else
      finish_item()
      place.line = first + i - 1
      if title then
        finish()
        blocks:insert(pandoc.Header(2, source.paragraph(title).content))
      elseif shown then
        finish()
        item = { text = shown, indent = #indent, listed = shown:match("^%d%. ") or shown:match("^%* ") }
      elseif line:match("^%s*$") then
        finish()
      else
        text[#text + 1] = line
      end
    end
  end
  finish_item()
  finish()
  return blocks
end

-- --- programs

-- The blocks of lines first .. last: rows of prose and code. `words` are the beginning of the first prose. `output`,
-- for a program with headings: the block of what it printed below heading `number`, or nil.
function source.program(lines, first, last, words, output)
  local blocks, comment, code, begin, printing = pandoc.List(), {}, {}, first, nil
  words = words or pandoc.List()
  local function finish()
    local text = table.concat(code, "\n"):gsub("^\n+", ""):gsub("\n+$", "")
    local row = pandoc.List()
    words:extend(source.prose(comment, begin))
    while #words > 0 and words[1].t == "Header" do blocks:insert(words:remove(1)) end
    if #words > 0 then row:insert(pandoc.Div(words, { class = "prose" })) end
    if text ~= "" then row:insert(pandoc.CodeBlock(text, { class = "cpp" })) end
    if #row > 0 then blocks:insert(pandoc.Div(row, { class = "row" })) end
    comment, code, words = {}, {}, pandoc.List()
  end
  local function show()
    local printed = printing and output(printing)
    if printed then
      finish()
      blocks:insert(printed)
    end
    printing = nil
  end
  for i = first, last do
    local line = lines[i]
    local remark = line:match("^%s*//(.*)$")
    if remark then
      if #code > 0 then finish() end
      if #comment == 0 then begin = i end
      comment[#comment + 1] = remark
    else
      local heading = output and line:match("lesson::heading%(") and (line .. (lines[i + 1] or "")):match('"(%d+)%. ')
      if heading then
        show()
        printing = tonumber(heading)
      end
      code[#code + 1] = line
      if line:match("^}") then show() end
    end
  end
  finish()
  return blocks
end

-- The header comment's lines without //, and the number of the line after it.
function source.header_of(lines)
  local comment = {}
  while lines[#comment + 1]:match("^//") do comment[#comment + 1] = lines[#comment + 1]:sub(3) end
  return comment, #comment + 1
end

-- The first and the last line of a function, with the comment above it; nil if there is none of this name.
function source.function_in(lines, name)
  for i, line in ipairs(lines) do
    if line:match("^%a.*%f[%w_]" .. name .. "%(") then
      local first, last, open = i, i, false
      while lines[first - 1] and lines[first - 1]:match("^//") do first = first - 1 end
      while not lines[last]:match("^}") and (open or not lines[last]:match("[;}]$")) do
        open = open or lines[last]:match("{$")
        last = last + 1
      end
      return first, last
    end
  end
end
return source
