-- pandoc's filter of a README: a chapter's name is a link to its page, other links lead to the repository, and the
-- exercises' README to its page. `folder` is where the README is.
local root, folder, runs = os.getenv("BOOK_ROOT"), os.getenv("BOOK_FOLDER"), os.getenv("BOOK_RUNS")

function Code(code)
  if not code.text:match("^%d%d_[%w_]+$") then return nil end
  local run = io.open(runs .. "/" .. code.text .. "/output.txt")
  if not run then return nil end
  run:close()
  return pandoc.Link(code.text:gsub("_", " "), code.text .. ".html")
end

function Link(link)
  local target = link.target
  if target:match("^%a+:") or target:match("^#") then return nil end
  if target:match("exercises/README%.md$") then link.target = "exercises.html"
  else link.target = root .. "/" .. folder .. "/" .. target end
  return link
end
