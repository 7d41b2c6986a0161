-- Stores one change of one task with its index entries, or refuses it. Knows no rules of tasks.
--
-- KEYS: 1 task, 2 archive, 3 slot, 4 idempotency, 5 history, 6 ready, 7 lease, 8 deadline, 9 purge
-- ARGV: 1 id, 2 version it replaces ('' = it must not exist), 3 new version, 4 new stamp,
--       5 home of the new task ('task', 'archive', or '' = remove it), 6 time of registration,
--       7 has an idempotency key ('1' or ''), 8..11 times in ready, lease, deadline, purge ('' = none),
--       12.. names and values of the entity's fields
-- Answers 'done', 'conflict', 'slot <id>' or 'key <id>'.
-- Replay-safe: a repeated commit finds its own version and stamp and answers 'done'.

local id, expected, home = ARGV[1], ARGV[2], ARGV[5]

local stored = redis.call('HMGET', KEYS[1], 'version', 'stamp')
if not stored[1] then
  stored = redis.call('HMGET', KEYS[2], 'version', 'stamp')
end
if home ~= '' and stored[1] == ARGV[3] and stored[2] == ARGV[4] then
  return 'done'
end
if (stored[1] or '') ~= expected then
  return 'conflict'
end

if expected == '' then
  local keyed = ARGV[7] == '1'
  local known = keyed and redis.call('GET', KEYS[4])
  if known then
    return 'key ' .. known
  end
  local holder = redis.call('GET', KEYS[3])
  if holder then
    return 'slot ' .. holder
  end
  if keyed then
    redis.call('SET', KEYS[4], id)
  end
  redis.call('ZADD', KEYS[5], ARGV[6], id)
end

for i = 6, 9 do
  local time = ARGV[i + 2]
  if time == '' then
    redis.call('ZREM', KEYS[i], id)
  else
    redis.call('ZADD', KEYS[i], time, id)
  end
end

if home == 'task' then
  redis.call('SET', KEYS[3], id)
elseif redis.call('GET', KEYS[3]) == id then
  redis.call('DEL', KEYS[3])
end

if home == 'task' then
  redis.call('HSET', KEYS[1], unpack(ARGV, 12, 23))
else
  redis.call('DEL', KEYS[1])
  if home == 'archive' then
    redis.call('HSET', KEYS[2], unpack(ARGV, 12, 23))
  else
    redis.call('DEL', KEYS[2])
    redis.call('ZREM', KEYS[5], id)
    if ARGV[7] == '1' and redis.call('GET', KEYS[4]) == id then
      redis.call('DEL', KEYS[4])
    end
  end
end
return 'done'
