-- One task, its parent, its place in the queue and the time, in one round trip.
--
-- KEYS: 1 task, 2 archive, 3 the parent's task, 4 the parent's archive; or 1 slot alone
-- ARGV: 1 the base of all keys, 2 id ('' = the holder of the slot in KEYS[1])
-- Answers {{seconds, microseconds}, entity, parent's entity, tasks ahead}, nil where there is none.

-- Other tenants' lines that are counted; beyond them the place is a little too hopeful.
local TENANTS_MAX = 64

local time = redis.call('TIME')
local id, task, archive = ARGV[2], KEYS[1], KEYS[2]
if id == '' then
  id = redis.call('GET', KEYS[1])
  if not id then
    return { time, false, false, false }
  end
  task = ARGV[1] .. ':task:' .. id
end

local found = redis.call('HMGET', task, 'entity', 'lane', 'tenant', 'state')
if not found[1] and archive then
  return { time, redis.call('HGET', archive, 'entity'), KEYS[3] and (redis.call('HGET', KEYS[3], 'entity')
    or redis.call('HGET', KEYS[4], 'entity')) or false, false }
end
local parent = KEYS[3] and (redis.call('HGET', KEYS[3], 'entity') or redis.call('HGET', KEYS[4], 'entity')) or false

local ahead = false
if found[4] == 'queued' then
  local line = ARGV[1] .. ':ready:' .. found[2] .. ':'
  local rank = redis.call('ZRANK', line .. found[3], id)
  if rank then
    -- Tenants take turns: one that comes earlier in the ring is served once more than one that comes later.
    ahead = rank
    local before = true
    for _, tenant in ipairs(redis.call('ZRANGE', ARGV[1] .. ':ring:' .. found[2], 0, TENANTS_MAX)) do
      if tenant == found[3] then
        before = false
      else
        local turns = before and rank + 1 or rank
        ahead = ahead + math.min(turns, redis.call('ZCARD', line .. tenant))
      end
    end
  end
end
return { time, found[1], parent, ahead }
