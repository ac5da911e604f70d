-- pandoc's filter of a README: a chapter's name and a link to a README that is a page lead to the page, other links to
-- the repository. Where an item of a list begins with a link to a source, the page has what is linked:
--
--   * [`name()`](FILE.cpp): ...    the function, and the item beside it
--   * [FILE.h](FILE.h): ...        the comment at the beginning of the file
--   * [FILE.txt](FILE.txt): ...    the text
--
-- Below the paragraph that links to p2rec/methods/ is the list of the methods' pages. BOOK_README is the README,
-- BOOK_METHODS are those of the methods; BOOK_RUNS and BOOK_ROOT as for chapters.
package.path = pandoc.path.directory(PANDOC_SCRIPT_FILE) .. "/?.lua;" .. package.path
local source = require("source")
local root, readme, runs = os.getenv("BOOK_ROOT"), os.getenv("BOOK_README"), os.getenv("BOOK_RUNS")
local methods = os.getenv("BOOK_METHODS")
local to_folder = root .. "/" .. readme:match("(.*)/")

function Code(code)
  if code.text:match("^[%w_./]+/[%w_./]+$") then  -- a path may break
    return pandoc.RawInline("html", "<code>" .. code.text:gsub("/", "/<wbr>") .. "</code>")
  end
  if not code.text:match("^%d%d_[%w_]+$") or #source.files(runs .. "/" .. code.text .. "/output.txt") == 0 then return nil end
  return pandoc.Link(code.text:gsub("_", " "), code.text .. ".html")
end

function Link(link)
  local target = link.target
  if target:match("^%a+:") or target:match("^#") then return nil end
  local folder = target:match("([%w_]+)/README%.md$")
  local is_page = folder == "exercises" or folder and methods:find("/" .. folder .. "/README.md", 1, true)
  link.target = is_page and folder .. ".html" or to_folder .. "/" .. target
  return link
end

function Image(image)
  image.src = to_folder .. "/" .. image.src
  return image
end

function Para(paragraph)
  for _, inline in ipairs(paragraph.content) do
    if inline.t == "Link" and inline.target:match("p2rec/methods/$") then
      local items = pandoc.List()
      for file in methods:gmatch("%S+") do
        local name, meaning = source.lines_of(file)[1]:match("^# ([^:(]-)(%s?[:(].*)$")
        items:insert({ pandoc.Plain({ pandoc.Link(name, file:match("([%w_]+)/README") .. ".html"), pandoc.Str(meaning) }) })
      end
      return { paragraph, pandoc.BulletList(items) }
    end
  end
end

-- The source that an item begins with a link to, or nil.
local function source_of(item)
  local link = item[1].content[1]
  local file = link.t == "Link" and link.target:sub(1, #root + 1) == root .. "/" and link.target:sub(#root + 2)
  return file and (file:match("%.cpp$") or file:match("%.h$") or file:match("%.txt$")) and file
end

-- The blocks of an item and its source.
local function with_source(item)
  local file, text = source_of(item), pandoc.utils.stringify(item[1].content[1])
  local function fail(message)
    source.place.file = readme
    for i, line in ipairs(source.lines_of(readme)) do
      if line:match("^%* ") and line:find(text, 1, true) then source.place.line = i end
    end
    source.fail(message)
  end
  if not file then fail("found '" .. text .. "' in a list of links to sources; expected [`name()`](FILE)") end
  if #source.files(file) == 0 then fail("found no file " .. file) end
  local lines, name = source.lines_of(file), text:match("^([%w_:]+)%(%)$")
  local words = pandoc.List({ pandoc.Para(item[1].content), table.unpack(item, 2) })
  source.place.file = file
  if name then
    local first, last = source.function_in(lines, name)
    if not first then fail("found no function " .. name .. "() in " .. file) end
    return source.program(lines, first, last, words)
  elseif file:match("%.h$") then
    words:insert(pandoc.Div(source.prose(source.header_of(lines), 1), { class = "introduction" }))
  elseif file:match("%.txt$") then
    words:insert(pandoc.CodeBlock(table.concat(lines, "\n"), { class = "output" }))
  else
    fail("found '" .. text .. "' as the name of a link to a source; expected `name()`")
  end
  return words
end

function BulletList(list)
  if not source_of(list.content[1]) then return nil end
  local blocks = pandoc.List()
  for _, item in ipairs(list.content) do blocks:extend(with_source(item)) end
  return blocks
end
