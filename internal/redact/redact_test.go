package redact

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"

func TestDefaults(t *testing.T) {
	r, err := New(nil, true)
	require.NoError(t, err)
	for text, want := range map[string]string{
		"mail to alice.b+c@mail.example.org failed":        "mail to [e-mail] failed",
		"Authorization: Bearer " + jwt:                     "Authorization: [redacted] [redacted]",
		"sent bearer abcdefghijklmnop12345=":               "sent bearer [redacted]",
		"token " + jwt[:30]:                                "token [redacted]",
		"jwt " + jwt:                                       "jwt [redacted]",
		"jwt cut " + jwt[:25]:                              "jwt cut [redacted]",
		"postgres://app:s3cr@t@db:5432/x":                  "postgres://app:[redacted]@t@db:5432/x",
		"dsn=postgres://app:hunter2@db/x":                  "dsn=postgres://app:[redacted]@db/x",
		"amqp://:hunter2@mq":                               "amqp://:[redacted]@mq",
		"login user=bob password=hunter2 ok":               "login user=bob password=[redacted] ok",
		`{"user":"bob","password":"hun\"ter 2","n":1}`:     `{"user":"bob","password":[redacted],"n":1}`,
		`{"password":"cut in the mid`:                      `{"password":[redacted]`,
		"DB_PASSWORD=hunter2;x=1":                          "DB_PASSWORD=[redacted];x=1",
		"client-secret: 'a b c' next":                      "client-secret: [redacted] next",
		"Cookie: sid=abc; theme=dark; x=1":                 "Cookie: [redacted]",
		`{"set-cookie":"sid=abc; Path=/; HttpOnly","n":1}`: `{"set-cookie":"[redacted]","n":1}`,
		`password="my secret" user=bob`:                    `password=[redacted] user=bob`,
		"authorization=Basic dXNlcjpwYXNzd29yZA==":         "authorization=[redacted] [redacted]",
		"x-api-key: 12345":                                 "x-api-key: [redacted]",
		"aws AKIAIOSFODNN7EXAMPLE used":                    "aws [redacted] used",
		"git ghp_0123456789abcdefghijABCDEFGHIJ012345":     "git [redacted]",
		"card 4111 1111 1111 1111 declined":                "card [card] declined",
		"card 5500-0000-0000-0004":                         "card [card]",
		"-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc":       "[redacted]",

		// What is no secret stays.
		"password=<*> for user <*>":                              "password=<*> for user <*>",
		"order 4111111111111112 placed":                          "order 4111111111111112 placed",
		"0.3725995950000538 395.6575174108972 a4111111111111111": "0.3725995950000538 395.6575174108972 a4111111111111111",
		"4111111111111111":                                       "[card]",
		"at 1700000000123456789 ns":                              "at 1700000000123456789 ns",
		"trace 0af7651916cd43dd8448eb211c80319c":                 "trace 0af7651916cd43dd8448eb211c80319c",
		"GET http://localhost:8080/a@b":                          "GET http://localhost:8080/a@b",
		"react@18.2.0 installed":                                 "react@18.2.0 installed",
		"the password was wrong, token refreshed":                "the password was wrong, token refreshed",
		"unhandled exception: IllegalStateException":             "unhandled exception: IllegalStateException",
		"digest of the basic pool: 17 tokens, secretary":         "digest of the basic pool: 17 tokens, secretary",
		"": "",
	} {
		assert.Equal(t, want, r.Text(text), text)
		assert.Equal(t, r.Text(text), r.Text(r.Text(text)), "twice is as once: %s", text)
	}
}

func TestRulesOfOnesOwn(t *testing.T) {
	r, err := New([]Rule{{Pattern: `user=(\w+)`, Replace: "user=${1}***"}, {Pattern: `IBAN \S+`}, {Pattern: `(?P<who>\w+) paid`, Replace: "$who gave $$"}}, false)
	require.NoError(t, err)
	assert.Equal(t, "user=bob*** [redacted] he gave $ a@b.example", r.Text("user=bob IBAN DE123 he paid a@b.example"))
	both, err := New([]Rule{{Pattern: `bob`}}, true)
	require.NoError(t, err)
	assert.Equal(t, "[redacted] [e-mail]", both.Text("bob x@y.example"))
	var none *Redactor
	assert.Equal(t, "bob", none.Text("bob"))
}

func TestRulesThatAreWrong(t *testing.T) {
	for _, c := range []struct {
		rule Rule
		want string
	}{
		{Rule{}, "[0].pattern must not be empty"},
		{Rule{Pattern: "("}, `[0].pattern "(" is no regular expression of RE2`},
		{Rule{Pattern: `(?=a)`}, "no regular expression of RE2"},
		{Rule{Pattern: `a*`}, "matches the empty text"},
		{Rule{Pattern: `a`, Replace: "$1"}, `[0].replace names the group "1"`},
		{Rule{Pattern: `(a)`, Replace: "$1x"}, `names the group "1x"`},
		{Rule{Pattern: `(a)`, Replace: "$99999999999999999999"}, "names the group"},
		{Rule{Pattern: strings.Repeat("a", 1025)}, "at most 1024 bytes (got 1025)"},
		{Rule{Pattern: "a", Replace: strings.Repeat("a", 257)}, "replace must have at most 256 bytes"},
	} {
		_, err := New([]Rule{c.rule}, true)
		require.ErrorContains(t, err, c.want)
	}
	_, err := New(make([]Rule, MaxRules+1), true)
	require.ErrorContains(t, err, "at most 64 rules (got 65)")
	_, err = New([]Rule{{Pattern: "("}, {Pattern: "x"}, {}}, true)
	require.ErrorContains(t, err, "[0].pattern")
	require.ErrorContains(t, err, "[2].pattern")
}

// Of a text that was cut nobody knows whether its last word is the beginning of a secret.
func TestCutTextsLoseTheirLastWord(t *testing.T) {
	r, err := New(nil, true)
	require.NoError(t, err)
	assert.Equal(t, "login of …", r.Cut("login of alice.b@exa…"))
	assert.Equal(t, "url …", r.Cut("url postgres://app:hunt"))
	assert.Equal(t, strings.Repeat("x", 44)+"…", r.Cut(strings.Repeat("x", 300)+"…"))
	assert.Equal(t, "…", r.Cut("abc"))
	plain, err := New(nil, false)
	require.NoError(t, err)
	assert.Equal(t, "login of alice…", plain.Cut("login of alice…"), "who turned the rules off wants to see all")
	assert.NotPanics(t, func() { r.Cut(strings.Repeat("ä", 200)) })
}

func FuzzText(f *testing.F) {
	f.Add("password=hunter2 a@b.example " + jwt)
	f.Add("4111 1111 1111 1111 ://a:b@c")
	r, err := New([]Rule{{Pattern: `x(y+)`, Replace: "$1"}}, true)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, s string) {
		if got := r.Text(s); got != r.Text(s) || len(got) > 16*len(s)+64 {
			t.Errorf("%q became %q", s, got)
		}
		r.Cut(s)
	})
}
