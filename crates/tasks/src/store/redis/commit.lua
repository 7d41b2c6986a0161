-- Does a list of operations if all of its checks hold, and nothing otherwise. Knows no rules of tasks: the
-- program derives the operations from the placements of the tasks before and after.
--
-- ARGV: 1 the base of all keys, then operations, each a name with its arguments; `k` stands for the number of a
-- key in KEYS. Checks come before anything is written:
--   task  k k expected version stamp   the task (live at the first key or archived at the second) has the version
--                                      `expected` ('' = is not there); it will have `version` and `stamp` ('' = go)
--   free  k answer                     the key is not there; otherwise the answer is '<answer> <its value>'
--   below k limit                      the set has fewer members
--   among k field count value ...      the field of the hash has one of the values
-- Writes:
--   zadd k score member | zrem k member | sadd k member | srem k member | set k value | del k
--   drop k value                       deletes the key if it has the value
--   hash k count field value ...       replaces the fields of a hash
--   line k k k lane tenant moves       after a change of a tenant's line (ready, ring, lanes): the tenant is in the ring
--                                      while it has tasks; `moves` = '1' puts it at the back
--   kind k k kind                      after a change of a kind's running tasks: the kind is in the second set while it
--                                      has some
--   ring                               rings the bell
-- Answers 'done', 'conflict', 'limit', 'slot <id>' or 'key <id>'.
-- Replay-safe: a repeated commit finds the version and stamp of its first task and answers 'done'.

local i, first, rings = 2, true, false

local function key(offset)
  return KEYS[tonumber(ARGV[i + offset])]
end

local ops = {}

function ops.task()
  local stored = redis.call('HMGET', key(1), 'version', 'stamp')
  if not stored[1] then
    stored = redis.call('HMGET', key(2), 'version', 'stamp')
  end
  local expected, version, stamp = ARGV[i + 3], ARGV[i + 4], ARGV[i + 5]
  if first then
    first = false
    if version == '' and not stored[1] then
      return 'done'
    end
    if version ~= '' and stored[1] == version and stored[2] == stamp then
      return 'done'
    end
  end
  if (stored[1] or '') ~= expected then
    return 'conflict'
  end
  i = i + 6
end

function ops.free()
  local holder = redis.call('GET', key(1))
  if holder then
    return ARGV[i + 2] .. ' ' .. holder
  end
  i = i + 3
end

function ops.below()
  if redis.call('SCARD', key(1)) >= tonumber(ARGV[i + 2]) then
    return 'limit'
  end
  i = i + 3
end

function ops.among()
  local count = tonumber(ARGV[i + 3])
  local found = redis.call('HGET', key(1), ARGV[i + 2])
  for number = 1, count do
    if found == ARGV[i + 3 + number] then
      i = i + 4 + count
      return
    end
  end
  return 'conflict'
end

function ops.zadd()
  redis.call('ZADD', key(1), ARGV[i + 2], ARGV[i + 3])
  i = i + 4
end

function ops.zrem()
  redis.call('ZREM', key(1), ARGV[i + 2])
  i = i + 3
end

function ops.sadd()
  redis.call('SADD', key(1), ARGV[i + 2])
  i = i + 3
end

function ops.srem()
  redis.call('SREM', key(1), ARGV[i + 2])
  i = i + 3
end

function ops.set()
  redis.call('SET', key(1), ARGV[i + 2])
  i = i + 3
end

function ops.del()
  redis.call('DEL', key(1))
  i = i + 2
end

function ops.drop()
  if redis.call('GET', key(1)) == ARGV[i + 2] then
    redis.call('DEL', key(1))
  end
  i = i + 3
end

function ops.hash()
  local count = tonumber(ARGV[i + 2])
  -- Some ten fields: far from the limit of unpack.
  redis.call('HSET', key(1), unpack(ARGV, i + 3, i + 2 + 2 * count))
  i = i + 3 + 2 * count
end

function ops.line()
  local ready, ring, lanes, lane, tenant = key(1), key(2), key(3), ARGV[i + 4], ARGV[i + 5]
  if redis.call('EXISTS', ready) == 0 then
    redis.call('ZREM', ring, tenant)
    if redis.call('EXISTS', ring) == 0 then
      redis.call('SREM', lanes, lane)
    end
  else
    local last = redis.call('ZREVRANGE', ring, 0, 0, 'WITHSCORES')
    if #last == 0 then
      redis.call('SADD', lanes, lane)
    end
    if ARGV[i + 6] == '1' or not redis.call('ZSCORE', ring, tenant) then
      redis.call('ZADD', ring, tonumber(last[2] or '0') + 1, tenant)
    end
  end
  i = i + 7
end

function ops.kind()
  local command = redis.call('EXISTS', key(1)) == 0 and 'SREM' or 'SADD'
  redis.call(command, key(2), ARGV[i + 3])
  i = i + 4
end

function ops.ring()
  rings = true
  i = i + 1
end

while i <= #ARGV do
  local refusal = ops[ARGV[i]]()
  if refusal then
    return refusal
  end
end
if rings then
  redis.call('PUBLISH', ARGV[1] .. ':bell', '')
end
return 'done'
