-- Plain formulas of comments -> TeX, which pandoc makes into MathML.
--
--   x_i, x_{t+1}, n^2, W^T, x', b1    indices and powers; x^: a hat    a / b    a fraction of the whole term a; a/b: in the line
--   sqrt(x), |x|, sum_k, exp, dx      as one reads them          a . b    the dot product; a b: the product
--   if, else, of, for each row        words stay words           ->  ..  <=  !=  +-    arrows, dots, relations
--
-- Other characters and open brackets are errors.
local function set(words)
  local result = {}
  for word in words:gmatch("%S+") do result[word] = true end
  return result
end
local greek = set("alpha beta gamma delta epsilon theta lambda mu nu rho sigma tau pi phi omega infinity eps")
local functions = set("exp log max min tanh cos sin")
local connecting = set("a all and are as at by each else every for from has if in is it its no not of on one or over " ..
                       "since that the to until was where which whose with")
local relations = { ["="] = "=", ["<"] = "<", [">"] = ">", ["<="] = "\\le ", [">="] = "\\ge ", ["!="] = "\\ne ",
                    ["->"] = "\\to ", ["+="] = "\\mathrel{+}= ", ["~"] = "\\sim " }
local signs = { ["+"] = "+", ["-"] = "-", ["+-"] = "\\pm ", ["*"] = "\\ast ", [","] = ",", [";"] = ";", [":"] = ":",
                [".."] = "\\ldots ", ["..."] = "\\ldots ", ["!"] = "!", ["%"] = "\\%" }
local brackets = { ["("] = ")", ["["] = "]", ["{"] = "}" }
local patterns = { "^%d+e%-?%d+", "^%d+%.%d+", "^%d+", "^%a+@%w+", "^%a%a+%-%a[%a-]+", "^%a+'s", "^%a%a+%.%a[%w.]*%w", "^%a%w*", "^%.%.%.?",
                   "^%->", "^[<>!+]=", "^%+%-", "^[-+*/=<>()%[%]{}|,.;:^_'!%%~]" }

-- Tokens with `space`: there is a space before.
local function tokens_of(text)
  local tokens, at = {}, 1
  while at <= #text do
    local space, begin = text:match("^(%s*)()", at)
    if begin > #text then break end
    local found = text:match("^%a%a+_%a%a%a[%w_]*", begin)  -- an identifier such as max_norm
    if not found or found:match("^sum_") then
      found = nil
      for _, pattern in ipairs(patterns) do found = found or text:match(pattern, begin) end
    end
    if not found then error("cannot read '" .. text:sub(begin) .. "'", 0) end
    tokens[#tokens + 1] = { text = found, space = space ~= "" or begin == 1 }
    at = begin + #found
  end
  return tokens
end

local function parser(text)
  local tokens, at = tokens_of(text), 1
  local sequence

  local function peek(step) return tokens[at + (step or 0)] or { text = "", space = true } end
  local function tight(character) return peek().text == character and not peek().space end
  local function is_word(token) return token.text:match("^%a[%a'.-]+$") and not functions[token.text] and
                                       not greek[token.text] and not token.text:match("^d%a$") end

  local function name(word)
    if word == "infinity" then return "\\infty " end
    if word == "eps" then return "\\varepsilon " end
    if greek[word] or (word == "sum" and peek().text ~= "=") then return "\\" .. word .. " " end
    if word == "log2" then return "\\log_2 " end
    if functions[word] then return "\\" .. word .. " " end
    if word:match("^d%a$") then return "\\mathrm{d}" .. word:sub(2) end
    if word:match("^%a%d+$") and peek().text ~= "_" then return word:sub(1, 1) .. "_{" .. word:sub(2) .. "}" end
    if word:match("^[%d%a]$") or word:match("^%d") then return word end
    return "\\text{" .. word:gsub("_", "\\_") .. "}"
  end

  local function index()  -- after _ or ^
    local mark = peek().text
    at = at + 1
    local content
    if brackets[peek().text] and not peek().space then
      local open = peek().text
      at = at + 1
      content = sequence(brackets[open]).tex
      if open == "(" then content = "(" .. content .. ")" end
    else
      content = peek().text
      if not content:match("^%w+$") then error("expected an index after " .. mark, 0) end
      at = at + 1
      if greek[content] then content = name(content)
      elseif #content > 3 then content = "\\text{" .. content .. "}" end
      while mark == "_" and tight("'") do content, at = content .. "'", at + 1 end
    end
    return mark .. "{" .. content .. "}"
  end

  -- One factor with its indices and arguments. A function without brackets takes the next factor along.
  local function factor()
    local token = peek()
    at = at + 1
    local result
    if brackets[token.text] then
      local inner, close = sequence(brackets[token.text]).tex, brackets[token.text]
      if token.text == "{" then inner = "\\{" .. inner .. "\\}" else inner = "\\left" .. token.text .. inner .. "\\right" .. close end
      result = inner
    elseif token.text == "|" and not peek().space and (token.space or tokens[at - 2].text:match("^[-(]$")) then
      result = "\\left|" .. sequence("|").tex .. "\\right|"
    elseif token.text == "sqrt" and tight("(") then
      at = at + 1
      result = "\\sqrt{" .. sequence(")").tex .. "}"
    elseif token.text:match("^%w") then
      result = name(token.text)
    else
      error("did not expect '" .. token.text .. "'", 0)
    end
    while tight("_") or tight("^") or tight("'") or tight("(") or tight("[") do
      if tight("'") then
        result, at = result .. "'", at + 1
      elseif tight("^") and (peek(1).space or peek(1).text == "_") then
        result, at = "\\hat{" .. result .. "}", at + 1
      elseif tight("_") or tight("^") then
        result = result .. index()
      else
        local open = peek().text
        at = at + 1
        result = result .. "\\left" .. open .. sequence(brackets[open]).tex .. "\\right" .. brackets[open]
      end
    end
    if token.text:match("^%d") and peek().text:match("^%a") and not peek().space then return result .. factor() end
    if (token.text == "sum" or functions[token.text]) and not result:match("\\right%)$") and
       (peek().text:match("^[%w(|]")) then
      return result .. " " .. factor()
    end
    return result
  end

  -- Words that belong together: a run of words, one of which connects.
  local function run_of_words()
    local last, connects = at - 1, false
    while is_word(tokens[last + 1] or { text = "" }) or
          ((tokens[last + 1] or {}).text == "a" and is_word(tokens[last + 2] or { text = "" })) do
      local following = tokens[last + 2]
      if following and not following.space and following.text:match("^[(%[_^']") then break end
      last = last + 1
      connects = connects or connecting[tokens[last].text]
    end
    if not connects then return nil end
    local words = {}
    for i = at, last do words[#words + 1] = tokens[i].text end
    at = last + 1
    return table.concat(words, " ")
  end

  -- Everything to `close`: as TeX, and as pieces { tex = } and { words = } between which a line may break.
  function sequence(close)
    local pieces, all, term, items = {}, "", 1, {}  -- the items since `term` are a product
    local function finish()
      if #items > 0 then
        local tex = table.concat(items)
        local relation = tex:match("^[=<>]") or tex:match("^\\to ")
        pieces[#pieces + 1] = { tex = (relation and "{}" or "") .. tex, relation = relation }
      end
      items, term = {}, 1
    end
    while peek().text ~= close do
      local token = peek()
      if token.text == "" then error("expected '" .. close .. "' before the end", 0) end
      local words = run_of_words()
      local spaced = token.text == "/" and token.space and peek(1).space
      if words then
        finish()
        pieces[#pieces + 1] = { words = words }
      elseif spaced then
        at = at + 1
        local top, bottom = table.concat(items, "", term), factor()
        local function bare(x)
          local inner = x:match("^%s*\\left(%b())%s*$")
          return inner and x:match("^%s*\\left%((.*)\\right%)%s*$") or x
        end
        for i = #items, term, -1 do items[i] = nil end
        items[#items + 1] = "\\frac{" .. bare(top) .. "}{" .. bare(bottom) .. "}"
      elseif relations[token.text] or signs[token.text] or token.text == "/" or
             ((token.text == "." or token.text == "|") and token.space and peek(1).space) then
        at = at + 1
        if relations[token.text] and close == "" then finish() end
        items[#items + 1] = relations[token.text] or signs[token.text] or
                            (token.text == "." and "\\cdot ") or (token.text == "|" and "\\mid ") or "/"
        if token.text == "," then items[#items] = token.space and ", " or "," end
        if token.text ~= "." and token.text ~= "/" and token.text ~= "*" then term = #items + 1 end
        if token.text == "," and close == "" then finish() end
      elseif token.text == "." and peek(1).text == "" then
        at = at + 1  -- the end of a sentence
      else
        local before = items[#items]
        local wordy = token.text:match("^%a%a") and not greek[token.text] and token.text ~= "sum"
        local gap = before and before:match("[%w})'|%]]$") and token.space and (wordy and "\\ " or "\\,") or ""
        if before and before:match("text{[%w\\_]+}$") and token.space then gap = "\\ " end
        items[#items + 1] = gap .. factor()
      end
    end
    at = at + 1
    finish()
    for _, piece in ipairs(pieces) do all = all .. (piece.tex or "\\text{ " .. piece.words .. " }") end
    return { pieces = pieces, tex = all }
  end
  return sequence
end

local formula = {}
function formula.tex(text) return parser(text)("").tex end
-- As pandoc's inlines: words as text, so that long lines can break.
function formula.inlines(text)
  local inlines = pandoc.List()
  for i, piece in ipairs(parser(text)("").pieces) do
    local closes = piece.tex and piece.tex:match("^[,;:]")
    if i > 1 and not closes then inlines:insert(piece.relation and pandoc.Str("\u{200B}") or pandoc.Space()) end
    local only = piece.tex and piece.tex:match("^([,;:]) ?$")  -- as text, it cannot begin a line
    inlines:insert((only or piece.words) and pandoc.Str(only or piece.words) or pandoc.Math("InlineMath", piece.tex))
  end
  return inlines
end
return formula
