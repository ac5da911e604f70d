-- pandoc's reader of a chapter: a program (source.lua) -> a page. Below the code that prints a heading is what the
-- program has printed there, with its figures. BOOK_RUNS is the folder of the outputs and figures.
package.path = pandoc.path.directory(PANDOC_SCRIPT_FILE) .. "/?.lua;" .. package.path
local source = require("source")
local runs, place = os.getenv("BOOK_RUNS"), source.place

-- --- output and figures

-- The output by the number of its headings; 0: what comes before the first.
local function sections_of(file)
  local sections, now, last = { [0] = {} }, 0, ""
  for _, line in ipairs(source.lines_of(file)) do
    local number = last == "" and line:match("^(%d+)%. ")
    if number then now, sections[tonumber(number)] = tonumber(number), {} end
    table.insert(sections[now], line)
    last = line
  end
  return sections
end
local function figure(file)
  local svg = table.concat(source.lines_of(file), "\n"):gsub("<style>.-</style>", "")
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

local function details(title, blocks)
  local all = pandoc.List({ pandoc.RawBlock("html", "<details><summary>" .. title .. "</summary>") })
  all:extend(blocks)
  all:insert(pandoc.RawBlock("html", "</details>"))
  return all
end

-- An exercise: the task, the file to change, the hints and the answer, folded.
local function exercise(file)
  place.file = file
  local lines = source.lines_of(file)
  local comment, after = source.header_of(lines)
  local number, title = comment[1]:match("^ (%d%d%a) (.-)%.?$")
  if not number then place.line = 1 source.fail("expected a title such as '02a The gradient of SiLU'") end
  local task, hints = {}, {}
  for i = 2, #comment do
    local hint = comment[i]:match("^ Hint %d+: (.*)$")
    if hint then hints[#hints + 1] = hint
    elseif #hints > 0 then hints[#hints] = hints[#hints] .. comment[i]
    else task[#task + 1] = comment[i] end
  end
  local blocks = pandoc.List({ pandoc.Header(3, pandoc.Str(number .. " " .. title), { id = "exercise-" .. number }) })
  blocks:extend(source.prose(task, 2))
  blocks:insert(pandoc.CodeBlock("make exercise N=" .. number, { class = "bash" }))
  blocks:extend(details("The file to change: " .. file, source.program(lines, after + 1, #lines)))
  for i, hint in ipairs(hints) do blocks:extend(details("Hint " .. i, { source.paragraph(hint) })) end
  local answer = file:gsub("exercises", "answers", 1)
  if #source.files(answer) > 0 then
    place.file = answer
    local solution = source.lines_of(answer)
    local words, body = source.header_of(solution)
    local content = source.prose({ table.unpack(words, 2) }, 2)
    content:extend(source.program(solution, body + 1, #solution))
    blocks:extend(details("Answer", content))
  end
  return blocks
end

function Reader(input)
  local file = input[1].name
  place.file, place.line = file, 1
  local name, lines = file:match("([%w_]+)%.cpp$"), source.lines_of(file)
  local header, body = source.header_of(lines)
  local title, question = header[1]:match("^ (%d%d [^:?]+%??):? (.*)$")
  if not title then source.fail("expected '// NN Title: question?'") end
  local i = 2
  while header[i] ~= "" do question, i = question .. header[i], i + 1 end
  local blocks = pandoc.List({ pandoc.Div(source.paragraph(question), { class = "question" }) })
  blocks:insert(pandoc.Div(source.prose({ table.unpack(header, i) }, i), { class = "introduction" }))
  local sections = sections_of(runs .. "/" .. name .. "/output.txt")
  blocks:extend(source.program(lines, body, #lines, nil, function(number)
    local printed = sections[number]
    sections[number] = nil
    return printed and output(printed)
  end))
  local rest = {}
  for number = 0, 99 do
    for _, line in ipairs(sections[number] or {}) do rest[#rest + 1] = line end
  end
  if table.concat(rest):match("%S") then blocks:extend({ pandoc.Header(2, "Output"), output(rest) }) end
  local exercises = source.files("tutorials/exercises/" .. name .. "/[a-z]_*.h")
  if #exercises > 0 then blocks:insert(pandoc.Header(2, "Exercises")) end
  for _, each in ipairs(exercises) do blocks:extend(exercise(each)) end
  return pandoc.Pandoc(blocks, pandoc.Meta({ title = title }))
end
