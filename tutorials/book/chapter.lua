-- pandoc's reader of a chapter: a program -> a page. A comment that fills its lines is prose beside the code after
-- it; other code stays as it is. In a comment,
--
--   three spaces begin a formula (formula.lua), with two or more spaces between its parts, or a list: "1. ...";
--   "$ ..." there is a command, what ends with ";" is code, and "| ..." is shown as it is.
--
-- Below the code that prints a heading is what the program has printed there, with its figures. BOOK_RUNS is the
-- folder of the outputs and figures, BOOK_ROOT the way from a page to the repository.
package.path = pandoc.path.directory(PANDOC_SCRIPT_FILE) .. "/?.lua;" .. package.path
local formula = require("formula")
local runs, root = os.getenv("BOOK_RUNS"), os.getenv("BOOK_ROOT")
local place = { file = "", line = 0 }  -- what is being read, for messages

local function fail(message) error(place.file .. ":" .. place.line .. ": " .. message, 0) end
local function lines_of(file)
  local lines = {}
  for line in io.lines(file) do lines[#lines + 1] = line end
  return lines
end
local function files(pattern)
  local found = {}
  local list = io.popen("ls " .. pattern .. " 2> /dev/null")
  for file in list:lines() do found[#found + 1] = file end
  list:close()
  return found
end
local function math(text, make)
  local ok, result = pcall(make, text)
  if not ok then fail("formula '" .. text .. "': " .. result .. "; hint: tutorials/book/formula.lua") end
  return result
end

-- --- prose

local function exists(file) return #files(file) > 0 end
local previous_word = ""
-- A word of prose: names of the code, files, chapters and indices are more than letters.
local function inline(word)
  local before, core, after = word:match("^([(\"]*)(.-)([.,:;)\"?]*)$")
  local made
  if core:match("%($") and after:match("^%)") then core, after = core .. ")", after:sub(2) end
  if core:match("^`.*`$") then
    made = pandoc.Code((core:sub(2, -2):gsub("\u{A0}", " ")))
  elseif core:match("^[%w_]+/[%w_./]*%.%a+$") then
    made = pandoc.Link(pandoc.Code(core), root .. "/" .. core)
  elseif core:match("^[01]%d$") and previous_word:match("^[Cc]?h?apters?$") or
         core:match("^[01]%d$") and (previous_word == "Needs" or previous_word == "linked") then
    local file = files("tutorials/" .. core .. "_*.cpp")[1]
    made = file and pandoc.Link(core, file:match("([%w_]+)%.cpp$") .. ".html") or pandoc.Str(core)
    core = "linked"
  elseif core:match("^d?%a%d?[_^][%w{}'/+_^-]+$") and not core:match("_%a%a%a%a") and not core:match("^Q%d") or core:match("^sum_%a$") then
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
local function paragraph(text)
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

-- The text of a comment, its lines without //, as blocks. `first`: the number of its first line.
local function prose(comment, first)
  local blocks, text = pandoc.List(), {}
  local function finish()
    if #text > 0 then blocks:insert(paragraph(table.concat(text, " "))) end
    text = {}
  end
  for i, line in ipairs(comment) do
    place.line = first + i - 1
    local shown = line:match("^   +(%S.*)$")
    local title = line:match("^ %-%-%- (.-)[ -]*$")
    if title then
      finish()
      blocks:insert(pandoc.Header(2, paragraph(title).content))
    elseif shown then
      finish()
      local number, item = shown:match("^(%d)%. (.*)$")
      local block = number and pandoc.OrderedList({ paragraph(item) }, pandoc.ListAttributes(tonumber(number))) or
                    display(shown)
      local before = blocks[#blocks]
      if before and block.t == "CodeBlock" and before.t == "CodeBlock" then
        before.text = before.text .. "\n" .. block.text
      else
        blocks:insert(block)
      end
    elseif line:match("^%s*$") then
      finish()
    else
      text[#text + 1] = line
    end
  end
  finish()
  return blocks
end

-- --- output and figures

-- The output by the number of its headings; 0: what comes before the first.
local function sections_of(file)
  local sections, now, last = { [0] = {} }, 0, ""
  for _, line in ipairs(lines_of(file)) do
    local number = last == "" and line:match("^(%d+)%. ")
    if number then now, sections[tonumber(number)] = tonumber(number), {} end
    table.insert(sections[now], line)
    last = line
  end
  return sections
end
local function figure(file)
  local svg = table.concat(lines_of(file), "\n"):gsub("<style>.-</style>", "")
  return pandoc.RawBlock("html", "<figure>\n<figcaption>" .. svg:match("<title[^>]*>(.-)</title>") ..
                                     "</figcaption>\n" .. svg .. "</figure>")
end
local function output(lines)
  local blocks, text, figures = pandoc.List(), {}, pandoc.List()
  for _, line in ipairs(lines) do
    local file = line:match("^  figure (.*%.svg)$")
    if file then figures:insert(figure(file)) else text[#text + 1] = line end
  end
  local printed = table.concat(text, "\n"):gsub("^\n+", ""):gsub("\n+$", "")
  if printed ~= "" then blocks:insert(pandoc.CodeBlock(printed, { class = "output" })) end
  blocks:extend(figures)
  return pandoc.Div(blocks, { class = "result" })
end

-- --- programs

-- The blocks of lines [begin, ...): rows of prose and code, and each section of the output below the code that
-- printed it.
local function program(lines, begin, sections)
  local blocks, comment, code, first, printing = pandoc.List(), {}, {}, begin, nil
  local function finish()
    local text = table.concat(code, "\n"):gsub("^\n+", ""):gsub("\n+$", "")
    local words, row = prose(comment, first), pandoc.List()
    while #words > 0 and words[1].t == "Header" do blocks:insert(words:remove(1)) end
    if #words > 0 then row:insert(pandoc.Div(words, { class = "prose" })) end
    if text ~= "" then row:insert(pandoc.CodeBlock(text, { class = "cpp" })) end
    if #row > 0 then blocks:insert(pandoc.Div(row, { class = "row" })) end
    comment, code = {}, {}
  end
  local function show()
    if printing and sections[printing] then
      finish()
      blocks:insert(output(sections[printing]))
      sections[printing] = nil
    end
    printing = nil
  end
  for i = begin, #lines do
    local line = lines[i]
    local words = line:match("^%s*//(.*)$")
    if words then
      if #code > 0 then finish() end
      if #comment == 0 then first = i end
      comment[#comment + 1] = words
    else
      local heading = line:match("lesson::heading%(") and (line .. (lines[i + 1] or "")):match('"(%d+)%. ')
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
local function header_of(lines)
  local comment = {}
  while lines[#comment + 1]:match("^//") do comment[#comment + 1] = lines[#comment + 1]:sub(3) end
  return comment, #comment + 1
end

local function details(title, blocks)
  local all = pandoc.List({ pandoc.RawBlock("html", "<details><summary>" .. title .. "</summary>") })
  all:extend(blocks)
  all:insert(pandoc.RawBlock("html", "</details>"))
  return all
end

-- An exercise: the task, the file to change, the hints and the answer, folded.
local function exercise(file)
  place.file = file
  local lines = lines_of(file)
  local comment, after = header_of(lines)
  local number, title = comment[1]:match("^ (%d%d%a) (.-)%.?$")
  if not number then place.line = 1 fail("expected a title such as '02a The gradient of SiLU'") end
  local task, hints = {}, {}
  for i = 2, #comment do
    local hint = comment[i]:match("^ Hint %d+: (.*)$")
    if hint then hints[#hints + 1] = hint
    elseif #hints > 0 then hints[#hints] = hints[#hints] .. comment[i]
    else task[#task + 1] = comment[i] end
  end
  local blocks = pandoc.List({ pandoc.Header(3, pandoc.Str(number .. " " .. title), { id = "exercise-" .. number }) })
  blocks:extend(prose(task, 2))
  blocks:insert(pandoc.CodeBlock("make exercise N=" .. number, { class = "bash" }))
  blocks:extend(details("The file to change: " .. file, program(lines, after + 1, {})))
  for i, hint in ipairs(hints) do blocks:extend(details("Hint " .. i, { paragraph(hint) })) end
  local answer = file:gsub("exercises", "answers", 1)
  if exists(answer) then
    place.file = answer
    local solution = lines_of(answer)
    local words, body = header_of(solution)
    local content = prose({ table.unpack(words, 2) }, 2)
    content:extend(program(solution, body + 1, {}))
    blocks:extend(details("Answer", content))
  end
  return blocks
end

function Reader(input)
  local file = input[1].name
  place.file, place.line = file, 1
  local name, lines = file:match("([%w_]+)%.cpp$"), lines_of(file)
  local header, body = header_of(lines)
  local title, question = header[1]:match("^ (%d%d [^:?]+%??):? (.*)$")
  if not title then fail("expected '// NN Title: question?'") end
  local i = 2
  while header[i] ~= "" do question, i = question .. header[i], i + 1 end
  local blocks = pandoc.List({ pandoc.Div(paragraph(question), { class = "question" }) })
  blocks:insert(pandoc.Div(prose({ table.unpack(header, i) }, i), { class = "introduction" }))
  local sections = sections_of(runs .. "/" .. name .. "/output.txt")
  blocks:extend(program(lines, body, sections))
  local rest = {}
  for number = 0, 99 do
    for _, line in ipairs(sections[number] or {}) do rest[#rest + 1] = line end
  end
  if table.concat(rest):match("%S") then blocks:extend({ pandoc.Header(2, "Output"), output(rest) }) end
  local exercises = files("tutorials/exercises/" .. name .. "/[a-z]_*.h")
  if #exercises > 0 then blocks:insert(pandoc.Header(2, "Exercises")) end
  for _, each in ipairs(exercises) do blocks:extend(exercise(each)) end
  return pandoc.Pandoc(blocks, pandoc.Meta({ title = title }))
end
