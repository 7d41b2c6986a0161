-- How many tasks stand where. Reads only; the work grows with the tenants that have waiting tasks, not with tasks.
--
-- KEYS: 1 lanes, 2 kinds, 3 delayed, 4 dead, 5 deadline
-- ARGV: 1 the base of all keys
-- Answers {{seconds, microseconds}, delayed, dead, live, {kind, running, ...}, {lane, waiting, tenants, oldest rank, ...}}

local base = ARGV[1]
local running, lanes = {}, {}
for _, kind in ipairs(redis.call('SMEMBERS', KEYS[2])) do
  running[#running + 1] = kind
  running[#running + 1] = redis.call('SCARD', base .. ':running:kind:' .. kind)
end
for _, lane in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local waiting, oldest = 0, nil
  local tenants = redis.call('ZRANGE', base .. ':ring:' .. lane, 0, -1)
  for _, tenant in ipairs(tenants) do
    local line = base .. ':ready:' .. lane .. ':' .. tenant
    waiting = waiting + redis.call('ZCARD', line)
    -- Without the priority, which is above bit 42.
    local first = redis.call('ZRANGE', line, 0, 0, 'WITHSCORES')
    if first[2] then
      local registered = math.fmod(tonumber(first[2]), 4398046511104)
      oldest = math.min(oldest or registered, registered)
    end
  end
  lanes[#lanes + 1] = lane
  lanes[#lanes + 1] = waiting
  lanes[#lanes + 1] = #tenants
  lanes[#lanes + 1] = string.format('%.0f', oldest or 0)
end
return { redis.call('TIME'), redis.call('ZCARD', KEYS[3]), redis.call('ZCARD', KEYS[4]),
  redis.call('ZCARD', KEYS[5]), running, lanes }
