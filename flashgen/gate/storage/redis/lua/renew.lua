-- Orders of another book come in with their units; then the storage becomes a version of the sale. How many came in, as a
-- one-element list.

local version, changes = unpack(ARGV)

if not is_begun() then return NOT_BEGUN end
local count = 0
for index = 3, #ARGV, 8 do
  local id, record, accepted_at, due_at, sku, buyer, state, contact = unpack(ARGV, index, index + 7)
  if redis.call('HSETNX', ORDERS, id, record) == 1 then
    if contact ~= '' then redis.call('HSET', ORDERS, 'contact:' .. id, contact) end
    local holder = #sku .. ':' .. sku .. buyer
    if redis.call('HSETNX', BUYERS, holder, id) == 1 then redis.call('HINCRBY', UNITS, buyer, 1) end
    redis.call('ZADD', ACCEPTED, accepted_at, id)
    if is_waiting(state) then
      redis.call('ZADD', WAITING, accepted_at, id)
      redis.call('ZADD', OUTBOX, due_at, id)
    end
    redis.call('HINCRBY', SALE, 'taken:' .. sku, 1)
    redis.call('HINCRBY', SALE, 'orders:' .. state, 1)
    count = count + 1
  end
end
if version ~= '' then
  local known = tonumber(redis.call('HGET', SALE, 'changes') or 0)
  redis.call('HSET', SALE, 'id', version, 'changes', string.format('%d', math.max(known, tonumber(changes))))
end
return {count}
