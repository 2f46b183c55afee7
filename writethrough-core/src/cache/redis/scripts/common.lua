-- What all scripts share; put in front of each. It mirrors protocol/apply.rs: `read` is `counts`, `put_fence` is
-- `fence_entry`.
--
-- KEYS     the keys of the calls, all of one hash slot
-- ARGV[1]  'own' or 'any': which incarnations' entries count
-- returns  one string a key, in order; '!' and a text where the server refused that key
--
-- The server says who it is and what time it has; a caller's memory of either is not trusted. Times are microseconds
-- (exact in a double until the year 2255). Only KEYS are touched. Nothing is written without an expiry.

local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local now_bytes = struct.pack('>I8', now)
local info = redis.call('INFO', 'server')
local _, at = string.find(info, 'run_id:', 1, true)
local incarnation = struct.pack('>I4I4',
  tonumber(string.sub(info, at + 1, at + 8), 16), tonumber(string.sub(info, at + 9, at + 16), 16))
local trust_any = ARGV[1] == 'any'

-- The text of an error reply; nil for any other.
local function refusal(reply)
  return type(reply) == 'table' and reply.err or nil
end

local function remove(key)
  return refusal(redis.pcall('UNLINK', key))
end

-- Puts an entry that lives until `deadline`. Returns the server's refusal, if it refused.
local function put(key, entry, deadline)
  local left = math.ceil((deadline - now) / 1000)
  if left < 1 then
    return remove(key)
  end
  return refusal(redis.pcall('SET', key, entry, 'PX', string.format('%.0f', left)))
end

-- A value takes the place of a lease or fence that must not outlast it: refused, it leaves the key absent.
local function put_value(key, payload, ttl)
  local refused = put(key, 'V' .. incarnation .. now_bytes .. payload, now + tonumber(ttl))
  if refused then
    remove(key)
  end
  return refused
end

-- A token as it stands in a fence.
local function token(stamp, deadline)
  return { bytes = stamp .. struct.pack('>I8', deadline), deadline = deadline }
end

local function is(token, stamp)
  return string.sub(token.bytes, 1, 16) == stamp
end

-- A fence lives as long as its last token. What stands there makes room for it when the server is out of memory: a
-- fence already up is never lost, and a value does not outlive the beginning of a write.
local function put_fence(key, tokens, contended, stood)
  local deadline, parts = 0, { 'F', incarnation, contended and '1' or '0' }
  for _, token in ipairs(tokens) do
    deadline = math.max(deadline, token.deadline)
    parts[#parts + 1] = token.bytes
  end
  local entry = table.concat(parts)
  local refused = put(key, entry, deadline)
  if refused and stood then
    remove(key)
    refused = put(key, entry, deadline)
  end
  return refused
end

-- The tokens of a fence before their deadline; losing one leaves it contended.
local function read_fence(raw)
  local flag, tokens = string.sub(raw, 10, 10), {}
  if #raw < 34 or (#raw - 10) % 24 ~= 0 or (flag ~= '0' and flag ~= '1') then
    return nil
  end
  local contended = flag == '1'
  for from = 11, #raw, 24 do
    local deadline = struct.unpack('>I8', raw, from + 16)
    if deadline > now then
      tokens[#tokens + 1] = { bytes = string.sub(raw, from, from + 23), deadline = deadline }
    else
      contended = true
    end
  end
  return tokens[1] and { kind = 'F', tokens = tokens, contended = contended }
end

-- What counts of a key: nil for nothing, another incarnation's entry, or bytes that are no entry. A key of another
-- type is unlinked. The second result is the server's refusal.
local function read(key)
  local raw = redis.pcall('GET', key)
  local refused = refusal(raw)
  if refused then
    if string.find(refused, 'WRONGTYPE', 1, true) then
      return nil, remove(key)
    end
    return nil, refused
  end
  if not raw or (not trust_any and string.sub(raw, 2, 9) ~= incarnation) then
    return nil
  end
  local kind = string.sub(raw, 1, 1)
  if kind == 'V' and #raw >= 17 then
    return { kind = 'V', raw = raw }
  elseif kind == 'L' and #raw == 25 then
    return { kind = 'L', stamp = string.sub(raw, 10, 25) }
  elseif kind == 'F' then
    return read_fence(raw)
  end
  return nil
end

-- Runs one step on every key; `width` is how many arguments each key has.
local function each(width, step)
  local replies = {}
  for i, key in ipairs(KEYS) do
    local entry, refused = read(key)
    local reply
    if not refused then
      reply, refused = step(key, entry, 2 + (i - 1) * width)
    end
    replies[i] = refused and '!' .. refused or reply
  end
  return replies
end

