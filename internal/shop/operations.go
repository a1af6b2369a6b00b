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

// operations is the call graph: gateway → frontend → the services behind it → their databases.
func operations() []operation {
	ops := []operation{
		{service: "frontend", method: "GET", route: "/", median: 9, sigma: .35, failure: 2e-4,
			steps: []step{
				sometimes(.6, need("users GET /session")),
				always(need("catalogue GET /products"), ask("recommend GET /recommendations"), ask("cart GET /cart/{user}")),
			},
			lines: []line{say(info, 1, 1, "rendered home for user {user} with {n:8:24} products")}},
		{service: "frontend", method: "GET", route: "/product/{id}", median: 7, sigma: .35, failure: 2e-4,
			steps: []step{
				sometimes(.5, need("users GET /session")),
				always(need("catalogue GET /products/{id}"), ask("recommend GET /recommendations")),
				sometimes(.4, ask("cart GET /cart/{user}")),
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
			steps: []step{always(query("SELECT products", 6))},
			lines: []line{say(info, 1, 1, "listed {n:8:24} products of category {one:home|sports|fashion|garden|audio} page {n:1:9}"), say(debug, .3, .1, "cache miss for category page {n:1:9}")}},
		{service: "catalogue", method: "GET", route: "/products/{id}", median: 3, sigma: .4, failure: 1e-4,
			steps: []step{always(query("SELECT products", 3), query("SELECT stock", 2))},
			lines: []line{say(info, 1, 1, "product {product} loaded, {n:0:180} in stock"), say(warn, .01, .8, "stock of {product} is low: {n:1:3} left")}},
		{service: "catalogue", method: "GET", route: "/search", median: 11, sigma: .5, failure: 1e-4,
			steps: []step{always(query("SELECT search_index", 14))},
			lines: []line{say(info, 1, 1, "query of {n:3:18} characters matched {n:0:60} products in {n:8:70} ms"), say(warn, .004, .9, "slow query: {n:200:400} ms on search_index")}},

		{service: "cart", method: "GET", route: "/cart/{user}", median: 1.6, sigma: .4, failure: 1e-4,
			steps: []step{always(query("HGETALL cart", .7))},
			lines: []line{say(info, .7, 1, "cart of user {user} has {n:0:9} items")}},
		{service: "cart", method: "POST", route: "/cart/{user}/items", median: 2.2, sigma: .4, failure: 1e-4,
			steps: []step{always(need("catalogue GET /products/{id}")), always(query("HSET cart", .9))},
			lines: []line{say(info, 1, 1, "put {n:1:3} x {product} into cart of user {user}")}},
		{service: "cart", method: "DELETE", route: "/cart/{user}", median: 1.5, sigma: .4, failure: 1e-4,
			steps: []step{always(query("DEL cart", .6))},
			lines: []line{say(info, 1, 1, "emptied cart of user {user}")}},

		{service: "users", method: "GET", route: "/session", median: 1.8, sigma: .35, failure: 1e-4,
			steps: []step{sometimes(.15, query("SELECT sessions", 2.2))},
			lines: []line{say(debug, 1, 1, "session {session} of user {user} is valid for {n:60:1800} s")}},
		{service: "users", method: "POST", route: "/login", median: 45, sigma: .2, failure: 1e-4,
			steps: []step{always(query("SELECT users", 2.5)), always(query("INSERT sessions", 3))},
			lines: []line{say(info, 1, .6, "password of user {user} verified with argon2id in {n:32:70} ms"), say(info, 1, 1, "session {session} opened for user {user}")}},

		{service: "checkout", method: "POST", route: "/checkout", median: 7, sigma: .35, failure: 3e-4,
			steps: []step{
				always(need("cart GET /cart/{user}")),
				always(need("shipping POST /quote"), need("catalogue GET /products/{id}")),
				always(need("payment POST /charge")),
				always(need("orders POST /orders")),
				always(ask("shipping POST /shipments"), ask("cart DELETE /cart/{user}")),
			},
			lines: []line{
				say(info, 1, .02, "placing order {order} for user {user}"),
				say(info, 1, .3, "order {order}: {n:1:9} items, total {money} EUR"),
				say(info, 1, 1, "order {order} placed"),
			}},
		{service: "payment", method: "POST", route: "/charge", median: 38, sigma: .4, failure: 8e-4,
			steps: []step{always(query("INSERT payments", 3.5)), always(query("UPDATE payments", 3))},
			lines: []line{
				say(info, 1, .05, "charging order {order}: {money} EUR with {one:visa|mastercard|sepa|paypal}"),
				say(info, 1, 1, "charge {uuid} of order {order} accepted by acquirer"),
				say(warn, .02, .7, "acquirer asked for 3-D Secure on order {order}"),
			}},
		{service: "shipping", method: "POST", route: "/quote", median: 4.5, sigma: .35, failure: 1e-4,
			lines: []line{say(info, 1, 1, "quote for zone {n:1:9}: {money} EUR by {one:dhl|ups|gls}")}},
		{service: "shipping", method: "POST", route: "/shipments", median: 9, sigma: .4, failure: 2e-4,
			lines: []line{say(info, 1, 1, "shipment {uuid} of order {order} booked with {one:dhl|ups|gls}")}},
		{service: "orders", method: "GET", route: "/orders", median: 4, sigma: .4, failure: 1e-4,
			steps: []step{always(query("SELECT orders", 7))},
			lines: []line{say(info, 1, 1, "found {n:0:12} orders of user {user}")}},
		{service: "orders", method: "POST", route: "/orders", median: 6, sigma: .4, failure: 2e-4,
			steps: []step{always(query("INSERT orders", 4)), always(query("INSERT order_items", 5))},
			lines: []line{say(info, 1, .8, "order {order} stored with {n:1:9} items"), say(info, 1, 1, "event order.created for {order} published to partition {n:0:11}")}},
		{service: "recommend", method: "GET", route: "/recommendations", median: 13, sigma: .45, failure: 3e-4,
			lines: []line{say(info, .8, 1, "{n:4:12} recommendations for user {user} in {n:6:40} ms"), say(warn, .006, .9, "embedding of {product} missing, popularity used instead")}},
	}
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
