package redact

import "regexp"

// standard are the rules that hold unless they are turned off. A masked value, <*>, is no secret and stays.
var standard = []compiled{
	// A password in a URL: user:password@host. The user stays, as who it was is often the point.
	{pattern: must(`([a-zA-Z][a-zA-Z0-9+.-]*://[^\s/:@"'<>]*):[^\s/@"'<>]+@`), replace: `${1}:` + Mark + `@`, hint: "://"},
	// Key blocks of PEM, also those that are cut.
	{pattern: must(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z0-9 ]*PRIVATE KEY-----)?`), replace: Mark, hint: "PRIVATE KEY"},
	// Authorization: Bearer, Basic and so on; also "bearer abc…" within a sentence.
	{pattern: must(`(?i)\b(bearer|basic|digest|negotiate|token)([ :=]+)["']?[A-Za-z0-9._~+/-]{16,}=*["']?`), replace: `${1}${2}` + Mark},
	// Cookies: all pairs.
	{pattern: must(`(?i)\b((?:set-)?cookie)(["']?\s*[:=]\s*["']?)[^\s=;,"'<>]+=[^\s;,"']*(?:;\s*[^\s=;,"'<>]+(?:=[^\s;,"']*)?)*`), replace: `${1}${2}` + Mark},
	// JSON web tokens, whole or cut.
	{pattern: must(`\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,2}`), replace: Mark, hint: "eyJ"},
	// Keys with well-known beginnings: AWS, GitHub, GitLab, Slack, Stripe, Google, this project's own.
	{pattern: must(`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}|\bglpat-[A-Za-z0-9_-]{16,}|\bxox[abprs]-[A-Za-z0-9-]{10,}|` +
		`\b[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|\bAIza[A-Za-z0-9_-]{30,}|\bdlk_[A-Za-z0-9_.-]{16,}`), replace: Mark},
	// password=…, "apiKey": "…", client-secret …; what is quoted goes to its closing quote.
	{pattern: must(`(?i)\b((?:[a-z0-9]+[_.-])*(?:password|passwd|passphrase|pwd|secret|api[_.-]?key|access[_.-]?key|private[_.-]?key|secret[_.-]?key|auth[_.-]?token|access[_.-]?token|` +
		`refresh[_.-]?token|id[_.-]?token|session[_.-]?(?:id|token)|credentials?|client[_.-]?secret|authorization|x-api-key))(["']?\s*[:=]\s*)(?:"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|[^\s"'<>,;&\[\]{}()][^\s"'<>,;&)}\]]*)`),
		replace: `${1}${2}` + Mark},
	// Addresses of people.
	{pattern: must(`[A-Za-z0-9._%+-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}`), replace: "[e-mail]", hint: "@"},
	// Numbers of payment cards, by issuer, length and check digit; the decimals of a number are none.
	{pattern: must(`(?:^|[^0-9A-Za-z._-])(?:4\d{3}|5[1-5]\d{2}|2[2-7]\d{2}|3[47]\d{2}|6011|65\d{2}|3(?:0[0-5]|[68]\d)\d)(?:[ -]?\d){9,15}\b`), replace: "[card]", holds: luhn},
}

func must(pattern string) *regexp.Regexp { return regexp.MustCompile(pattern) }

// luhn tells whether the last digit checks the others (ISO/IEC 7812-1).
func luhn(text string) bool {
	sum, double := 0, false
	for i := len(text) - 1; i >= 0; i-- {
		if text[i] < '0' || text[i] > '9' {
			continue
		}
		d := int(text[i] - '0')
		if double {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
		double = !double
	}
	return sum%10 == 0
}
