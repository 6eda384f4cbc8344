-- What wrk sends. Every server gets the same requests from the same code; only the prefix differs.
-- Arguments after "--" are key=value pairs, written by Load.cs. Users and badges are numbered from 1.

local option = {}
local members = {}

function setup(thread)
  thread:set("number", #members)
  members[#members + 1] = thread
end

-- Lua writes a number of up to 14 digits as it is; formatting each would double what this script costs.
local function user(i) return option.first_user + (i - 1) * option.user_step end

-- Roblox-sized: ids of ten digits and of sixteen, half and half. The same rule as Population.Badge.
local function badge(i)
  if option.roblox_badges == 0 then return i end
  return string.format("%.0f", (i % 2 == 0 and 2124455667788000 or 2124000000) + i)
end

local random = math.random

-- Holders are every n-th user; each holds badges at equal steps (the same rule as Population.Holdings).
local function holder() return random(option.holders) end
local function holder_id(h) return user(h * math.floor(option.users / option.holders)) end
local function held_badge(h)
  local step = math.floor(option.badges / option.each)
  return badge((h + random(0, option.each - 1) * step) % option.badges + 1)
end

-- A row makes, once, the function that makes each request; get and post hold what stands before the path and after it.
local rows = {}

function rows.award(_, post)
  local users, award = post.head .. "/v1/users/", "/award-badge" .. post.tail
  return function() return users .. user(random(option.users)) .. "/badges/" .. badge(random(option.badges)) .. award end
end

-- Awards without repetition: threads share one walk over all users whose stride has no divisor in common with their number.
function rows.walk(_, post)
  local users, award = post.head .. "/v1/users/", "/award-badge" .. post.tail
  local i = number
  return function()
    i = i + option.threads
    local b = option.badge == 0 and random(option.badges) or option.badge
    return users .. user(i * 618033 % option.users + 1) .. "/badges/" .. badge(b) .. award
  end
end

function rows.badge(get)
  local badges = get.head .. "/v1/badges/"
  return function() return badges .. badge(random(option.badges)) .. get.tail end
end

-- All holders in turn, so that none is asked for again before all others were.
function rows.list(get)
  local users, badges = get.head .. "/v1/users/", "/badges?limit=25" .. get.tail
  local i = number
  return function()
    i = i + option.threads
    return users .. holder_id(i * 618033 % option.holders + 1) .. badges
  end
end

-- The same thousand holders again and again.
function rows.again(get)
  local users, badges = get.head .. "/v1/users/", "/badges?limit=25" .. get.tail
  return function() return users .. holder_id(random(math.min(1000, option.holders))) .. badges end
end

function rows.point(get)
  local users, date = get.head .. "/v1/users/", "/awarded-date" .. get.tail
  return function()
    local h = holder()
    return users .. holder_id(h) .. "/badges/" .. held_badge(h) .. date
  end
end

-- The hundred ids are drawn before the run: drawing them for each request would measure Lua.
function rows.dates(get)
  local users, queries = get.head .. "/v1/users/", {}
  for q = 1, 256 do
    local ids = {}
    local offset = random(option.badges)
    for i = 1, 100 do ids[i] = badge((offset + i * 7) % option.badges + 1) end
    queries[q] = option.dates .. "?badgeIds=" .. table.concat(ids, ",") .. get.tail
  end
  return function() return users .. holder_id(holder()) .. queries[random(#queries)] end
end

function rows.answerhub(_, post)
  local awards = post.head .. "/services/v2/award/"
  return function() return awards .. badge(random(option.badges)) .. "/action/" .. random(option.users) .. ".json" .. post.tail end
end

function rows.perfumer(_, post)
  local head = post.head .. "/badge" .. post.headers .. "Content-Type: application/json\r\nContent-Length: "
  return function()
    local body = '{"collection":"bench","name":"badge-' .. random(20) .. '/' .. random(1000000) .. '","user":"' .. user(random(option.users)) .. '"}'
    return head .. #body .. "\r\n\r\n" .. body
  end
end

-- What a user did, without an id of its own: the server draws one.
function rows.action(_, post)
  local types = {}
  for name in option.types:gmatch("[^,]+") do types[#types + 1] = '{"type":"' .. name .. '","userId":' end
  local head = post.head .. "/laurel/v1/actions" .. post.headers .. "Content-Type: application/json\r\nContent-Length: "
  return function()
    local body = types[random(#types)] .. user(random(option.users)) .. ',"subject":"post:' .. random(1000)
      .. '","properties":{"length":' .. random(100) .. ',"minutes":' .. random(60) .. ',"topic":' .. random(option.topics) .. '}}'
    return head .. #body .. "\r\n\r\n" .. body
  end
end

function rows.counters(get)
  local counters = get.head .. "/counters?collection=bench&names=badge-1,badge-2,_all&user="
  return function() return counters .. user(random(option.users)) .. get.tail end
end

function rows.karaz(get)
  local requests = {}
  for key in io.lines(option.file) do
    requests[#requests + 1] = get.head .. "/v2/Users/BadgesList" .. get.headers .. "Authorization: Bearer " .. key .. "\r\n\r\n"
  end
  return function() return requests[random(#requests)] end
end

function rows.paths(get)
  local requests = {}
  for path in io.lines(option.file) do requests[#requests + 1] = get.head .. path .. get.tail end
  return function() return requests[random(#requests)] end
end

-- Paths with the entity tag that each has: nothing has changed.
function rows.known(get)
  local requests = {}
  for line in io.lines(option.file) do
    local path, tag = line:match("^(%S+) (%S+)$")
    requests[#requests + 1] = get.head .. path .. get.headers .. "If-None-Match: " .. tag .. "\r\n\r\n"
  end
  return function() return requests[random(#requests)] end
end

function init(args)
  for _, pair in ipairs(args) do
    local key, value = pair:match("^([%w_]+)=(.*)$")
    option[key] = tonumber(value) or value
  end
  math.randomseed(option.seed * 1024 + number)

  local headers = string.format(" HTTP/1.1\r\nHost: %s:%s\r\nRoblox-Place-Id: %.0f\r\n", wrk.host, wrk.port, option.place)
  if option.authorization ~= "" then headers = headers .. "Authorization: " .. option.authorization .. "\r\n" end
  request = rows[option.row](
    { head = "GET " .. option.prefix, headers = headers, tail = headers .. "\r\n" },
    { head = "POST " .. option.prefix, headers = headers, tail = headers .. "Content-Length: 0\r\n\r\n" })

  -- Only in the warm-up: handing each answer to Lua costs wrk up to a quarter more CPU.
  if option.look == 1 then
    statuses = {}
    response = function(status, _, body)
      local seen = tostring(status)
      if status > 299 then seen = seen .. "/" .. (body:match('"code":(%d+)') or "") end
      statuses[seen] = (statuses[seen] or 0) + 1
    end
  end
end

function done(summary, latency)
  local stat = io.open("/proc/self/stat"):read("*a")
  local user_ticks, system_ticks = stat:match("%) %S" .. string.rep(" %S+", 10) .. " (%d+) (%d+)")
  local counts = {}
  for _, thread in ipairs(members) do
    for seen, count in pairs(thread:get("statuses") or {}) do counts[seen] = (counts[seen] or 0) + count end
  end
  local list = {}
  for seen, count in pairs(counts) do list[#list + 1] = string.format('"%s":%d', seen, count) end
  local errors = summary.errors
  print(string.format(
    'RESULT {"requests":%d,"microseconds":%d,"bytes":%.0f,"p50":%d,"p99":%d,"refused":%d,"broken":%d,"clientTicks":%d,"statuses":{%s}}',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write, user_ticks + system_ticks, table.concat(list, ",")))
end
