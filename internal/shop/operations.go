package shop

// entry is a way into the shop and how often it is taken.
type entry struct {
	share float64
	to    string
}

func entries() []entry {
	return []entry{
		{0.28, "gateway GET /"},
		{0.30, "gateway GET /product/{id}"},
		{0.13, "gateway GET /search"},
		{0.10, "gateway GET /cart"},
		{0.08, "gateway POST /cart"},
		{0.05, "gateway POST /checkout"},
		{0.03, "gateway GET /orders"},
		{0.03, "gateway POST /login"},
	}
}

// operations is the call graph: gateway → frontend → the services behind it → their suppliers and databases.
func operations() []operation {
	ops := []operation{
		{service: "frontend", method: "GET", route: "/", median: 9, sigma: .35, failure: 2e-4,
			steps: []step{
				sometimes(.6, need("users GET /session")),
				always(need("catalogue GET /products"), ask("recommend GET /recommendations"), ask("cart GET /cart/{user}")),
				sometimes(.5, ask("promotions GET /banners")),
			},
			lines: []line{say(info, 1, 1, "rendered home for user {user} with {n:8:24} products")}},
		{service: "frontend", method: "GET", route: "/product/{id}", median: 7, sigma: .35, failure: 2e-4,
			steps: []step{
				sometimes(.5, need("users GET /session")),
				always(need("catalogue GET /products/{id}"), ask("recommend GET /recommendations")),
				sometimes(.4, ask("cart GET /cart/{user}")),
				sometimes(.7, ask("reviews GET /reviews/{id}")),
			},
			lines: []line{say(info, 1, 1, "rendered product {product} in {n:6:40} ms")}},
		{service: "frontend", method: "GET", route: "/search", median: 6, sigma: .4, failure: 2e-4,
			steps: []step{always(need("catalogue GET /search"))},
			lines: []line{say(info, 1, 1, "search '{one:shoes|lamp|desk|jacket|kettle|bicycle|headphones}' gave {n:0:60} hits")}},
		{service: "frontend", method: "GET", route: "/cart", median: 5, sigma: .35, failure: 2e-4,
			steps: []step{always(need("users GET /session")), always(need("cart GET /cart/{user}"), ask("shipping POST /quote"))},
			lines: []line{say(info, .9, 1, "cart of user {user} shown, {n:0:9} items")}},
		{service: "frontend", method: "POST", route: "/cart", median: 5, sigma: .35, failure: 2e-4,
			steps: []step{always(need("users GET /session")), always(need("cart POST /cart/{user}/items"))},
			lines: []line{say(info, 1, 1, "added {product} to cart of user {user}")}},
		{service: "frontend", method: "POST", route: "/checkout", median: 8, sigma: .35, failure: 2e-4,
			steps: []step{always(need("users GET /session")), always(need("checkout POST /checkout"))},
			lines: []line{say(info, 1, 0, "checkout started by user {user}"), say(info, 1, 1, "order {order} confirmed to user {user}")}},
		{service: "frontend", method: "GET", route: "/orders", median: 6, sigma: .35, failure: 2e-4,
			steps: []step{always(need("users GET /session")), always(need("orders GET /orders"))},
			lines: []line{say(info, 1, 1, "listed {n:0:12} orders of user {user}")}},
		{service: "frontend", method: "POST", route: "/login", median: 6, sigma: .35, failure: 2e-4,
			steps: []step{always(need("users POST /login"))},
			lines: []line{say(info, 1, 1, "user {user} signed in from {ip}"), say(warn, .03, .9, "sign-in of user {user} refused: wrong password, attempt {n:1:3}")}},

		{service: "catalogue", method: "GET", route: "/products", median: 4, sigma: .4, failure: 1e-4,
			steps: []step{always(query("SELECT products", 6)), sometimes(.5, ask("pricing POST /prices"))},
			lines: []line{say(info, 1, 1, "listed {n:8:24} products of category {one:home|sports|fashion|garden|audio} page {n:1:9}"), say(debug, .3, .1, "cache miss for category page {n:1:9}")}},
		{service: "catalogue", method: "GET", route: "/products/{id}", median: 3, sigma: .4, failure: 1e-4,
			steps: []step{
				always(query("SELECT products", 3), query("SELECT stock", 2)),
				always(need("pricing GET /prices/{id}"), ask("inventory GET /stock/{id}")),
			},
			lines: []line{say(info, 1, 1, "product {product} loaded, {n:0:180} in stock"), say(warn, .01, .8, "stock of {product} is low: {n:1:3} left")}},
		{service: "catalogue", method: "GET", route: "/search", median: 11, sigma: .5, failure: 1e-4,
			steps: []step{always(query("SELECT search_index", 14)), always(need("search POST /query"))},
			lines: []line{say(info, 1, 1, "query of {n:3:18} characters matched {n:0:60} products in {n:8:70} ms"), say(warn, .004, .9, "slow query: {n:200:400} ms on search_index")}},

		{service: "cart", method: "GET", route: "/cart/{user}", median: 1.6, sigma: .4, failure: 1e-4,
			steps: []step{always(query("HGETALL cart", .7))},
			lines: []line{say(info, .7, 1, "cart of user {user} has {n:0:9} items")}},
		{service: "cart", method: "POST", route: "/cart/{user}/items", median: 2.2, sigma: .4, failure: 1e-4,
			steps: []step{always(need("catalogue GET /products/{id}")), always(query("HSET cart", .9)), always(ask("inventory GET /stock/{id}"))},
			lines: []line{say(info, 1, 1, "put {n:1:3} x {product} into cart of user {user}")}},
		{service: "cart", method: "DELETE", route: "/cart/{user}", median: 1.5, sigma: .4, failure: 1e-4,
			steps: []step{always(query("DEL cart", .6))},
			lines: []line{say(info, 1, 1, "emptied cart of user {user}")}},

		{service: "users", method: "GET", route: "/session", median: 1.8, sigma: .35, failure: 1e-4,
			steps: []step{sometimes(.15, query("SELECT sessions", 2.2)), sometimes(.5, need("auth POST /tokens/verify"))},
			lines: []line{say(debug, 1, 1, "session {session} of user {user} is valid for {n:60:1800} s")}},
		{service: "users", method: "POST", route: "/login", median: 45, sigma: .2, failure: 1e-4,
			steps: []step{
				always(query("SELECT users", 2.5)), always(query("INSERT sessions", 3)),
				always(need("auth POST /tokens")), sometimes(.1, ask("notification POST /messages")),
			},
			lines: []line{say(info, 1, .6, "password of user {user} verified with argon2id in {n:32:70} ms"), say(info, 1, 1, "session {session} opened for user {user}")}},

		{service: "checkout", method: "POST", route: "/checkout", median: 7, sigma: .35, failure: 3e-4,
			steps: []step{
				always(need("cart GET /cart/{user}")),
				always(need("shipping POST /quote"), need("catalogue GET /products/{id}")),
				always(need("payment POST /charge")),
				always(need("orders POST /orders")),
				always(ask("shipping POST /shipments"), ask("cart DELETE /cart/{user}")),
				always(need("pricing POST /prices"), need("inventory POST /reservations")),
			},
			lines: []line{
				say(info, 1, .02, "placing order {order} for user {user}"),
				say(info, 1, .3, "order {order}: {n:1:9} items, total {money} EUR"),
				say(info, 1, 1, "order {order} placed"),
			}},
		{service: "payment", method: "POST", route: "/charge", median: 38, sigma: .4, failure: 8e-4,
			steps: []step{always(query("INSERT payments", 3.5)), always(query("UPDATE payments", 3)), always(need("fraud POST /assessments"))},
			lines: []line{
				say(info, 1, .05, "charging order {order}: {money} EUR with {one:visa|mastercard|sepa|paypal}"),
				say(info, 1, 1, "charge {uuid} of order {order} accepted by acquirer"),
				say(warn, .02, .7, "acquirer asked for 3-D Secure on order {order}"),
			}},
		{service: "shipping", method: "POST", route: "/quote", median: 4.5, sigma: .35, failure: 1e-4,
			lines: []line{say(info, 1, 1, "quote for zone {n:1:9}: {money} EUR by {one:dhl|ups|gls}")}},
		{service: "shipping", method: "POST", route: "/shipments", median: 9, sigma: .4, failure: 2e-4,
			steps: []step{always(need("warehouse POST /picks"))},
			lines: []line{say(info, 1, 1, "shipment {uuid} of order {order} booked with {one:dhl|ups|gls}")}},
		{service: "orders", method: "GET", route: "/orders", median: 4, sigma: .4, failure: 1e-4,
			steps: []step{always(query("SELECT orders", 7))},
			lines: []line{say(info, 1, 1, "found {n:0:12} orders of user {user}")}},
		{service: "orders", method: "POST", route: "/orders", median: 6, sigma: .4, failure: 2e-4,
			steps: []step{
				always(query("INSERT orders", 4)), always(query("INSERT order_items", 5)),
				always(ask("invoice POST /invoices"), ask("notification POST /messages")),
			},
			lines: []line{say(info, 1, .8, "order {order} stored with {n:1:9} items"), say(info, 1, 1, "event order.created for {order} published to partition {n:0:11}")}},
		{service: "recommend", method: "GET", route: "/recommendations", median: 13, sigma: .45, failure: 3e-4,
			lines: []line{say(info, .8, 1, "{n:4:12} recommendations for user {user} in {n:6:40} ms"), say(warn, .006, .9, "embedding of {product} missing, popularity used instead")}},
	}
	ops = append(ops, suppliers()...)
	// The gateway passes each way in on to the frontend.
	for _, e := range entries() {
		rest := e.to[len("gateway "):]
		method, route := splitRoute(rest)
		ops = append(ops, operation{service: "gateway", method: method, route: route, median: 1.1, sigma: .3, failure: 5e-5,
			steps: []step{always(need("frontend " + rest))},
			lines: []line{say(info, 1, 1, method+" "+accessPath(route)+" 200 {n:400:48000} bytes from {ip}")}})
	}
	return ops
}

// suppliers are the operations of the services that no page of the shop calls by itself, but for banners and reviews.
func suppliers() []operation {
	return []operation{
		{service: "promotions", method: "GET", route: "/banners", median: 3, sigma: .4, failure: 1e-4,
			lines: []line{say(info, .6, 1, "{n:1:4} banners for segment {one:new|loyal|returning}"), say(debug, .05, .2, "banner rules recompiled in {n:2:9} ms")}},
		{service: "promotions", method: "POST", route: "/evaluate", median: 4, sigma: .4, failure: 1e-4,
			lines: []line{say(info, .5, 1, "evaluated {n:6:14} rules for basket of user {user}, discount {money} EUR"), say(warn, .01, .9, "voucher {hex:6} expired {n:1:30} days ago")}},
		{service: "pricing", method: "GET", route: "/prices/{id}", median: 1.8, sigma: .35, failure: 1e-4,
			steps: []step{sometimes(.3, query("GET price", .6))},
			lines: []line{say(debug, .5, 1, "price of {product}: {money} EUR, list {n:1:9}")}},
		{service: "pricing", method: "POST", route: "/prices", median: 3.2, sigma: .4, failure: 1e-4,
			steps: []step{always(query("MGET price", 1.1)), sometimes(.3, ask("promotions POST /evaluate"))},
			lines: []line{say(info, .6, 1, "priced basket of {n:1:24} items in {n:2:12} ms"), say(warn, .005, .8, "no price list for zone {n:1:9}, default used")}},
		{service: "inventory", method: "GET", route: "/stock/{id}", median: 1.5, sigma: .35, failure: 1e-4,
			steps: []step{always(query("SELECT stock_levels", 1.8)), sometimes(.04, ask("warehouse GET /levels/{id}"))},
			lines: []line{say(debug, .4, 1, "stock of {product}: {n:0:180} at {n:1:5} sites")}},
		{service: "inventory", method: "POST", route: "/reservations", median: 4, sigma: .4, failure: 2e-4,
			steps: []step{always(query("UPDATE stock_levels", 3.4))},
			lines: []line{say(info, 1, 1, "reserved {n:1:9} items for order {order} until {n:10:15} min from now"), say(warn, .02, .8, "partial reservation for order {order}: {n:1:3} items short")}},
		{service: "search", method: "POST", route: "/query", median: 9, sigma: .45, failure: 2e-4,
			steps: []step{always(query("SEARCH products_v3", 11))},
			lines: []line{say(info, 1, 1, "query took {n:5:60} ms over {n:3:5} shards, {n:0:60} hits"), say(warn, .008, .9, "shard {n:0:4} answered late: {n:80:240} ms")}},
		{service: "reviews", method: "GET", route: "/reviews/{id}", median: 5, sigma: .45, failure: 2e-4,
			steps: []step{always(query("find reviews", 4))},
			lines: []line{say(info, .8, 1, "{n:0:40} reviews of {product}, mean {n:1:4}.{n:0:9}"), say(debug, .1, .1, "summary of {product} not cached")}},
		{service: "auth", method: "POST", route: "/tokens/verify", median: .9, sigma: .3, failure: 1e-4,
			lines: []line{say(debug, .3, 1, "token of session {session} valid, key {one:2026-a|2026-b}")}},
		{service: "auth", method: "POST", route: "/tokens", median: 6, sigma: .3, failure: 1e-4,
			steps: []step{always(query("SET token", .7))},
			lines: []line{say(info, 1, 1, "token issued to user {user}, expires in {n:1790:1800} s")}},
		{service: "fraud", method: "POST", route: "/assessments", median: 24, sigma: .4, failure: 3e-4,
			lines: []line{say(info, 1, .9, "order {order} scored 0.{n:1:60} by model {one:gbm-12|gbm-13}"), say(warn, .03, 1, "order {order} held for manual review: score 0.{n:61:95}")}},
		{service: "invoice", method: "POST", route: "/invoices", median: 18, sigma: .4, failure: 2e-4,
			steps: []step{always(query("INSERT invoices", 4))},
			lines: []line{say(info, 1, .1, "invoice for order {order}: {n:1:9} positions"), say(info, 1, 1, "invoice rendered, {n:18:90} KiB, stored as {uuid}.pdf")}},
		{service: "notification", method: "POST", route: "/messages", median: 7, sigma: .45, failure: 3e-4,
			steps: []step{always(query("XADD outbox", .8))},
			lines: []line{say(info, 1, 1, "{one:mail|push|sms} to user {user} queued, template {one:order-confirmed|signed-in|shipped}"), say(warn, .015, .9, "provider throttled us, waiting {n:200:900} ms")}},
		{service: "warehouse", method: "POST", route: "/picks", median: 11, sigma: .4, failure: 2e-4,
			steps: []step{always(query("INSERT picks", 4.5))},
			lines: []line{say(info, 1, 1, "pick list {uuid} for order {order}: aisle {n:1:48}, {n:1:9} items"), say(warn, .01, .9, "aisle {n:1:48} blocked, detour of {n:20:90} m")}},
		{service: "warehouse", method: "GET", route: "/levels/{id}", median: 5, sigma: .4, failure: 1e-4,
			steps: []step{always(query("SELECT bins", 5))},
			lines: []line{say(debug, .6, 1, "level of {product} read from {n:1:6} bins")}},
	}
}
