-- The order that a buyer has, or DONE when they have none.

if redis.call('HEXISTS', SALE, 'epoch') == 0 then return NOT_BEGUN end
return order_of(ARGV[1]) or DONE
