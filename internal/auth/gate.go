package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/extension/extensionauth"
)

// Gate decides who makes a request.
type Gate struct {
	keys   *Keys
	tokens *Tokens // nil where none are configured
	open   bool    // while there is no key: whoever can reach the API may do everything
}

// NewGate takes keys, and tokens where there are any. Open lets everybody in as long as there is neither.
func NewGate(keys *Keys, tokens *Tokens, open bool) *Gate {
	return &Gate{keys: keys, tokens: tokens, open: open}
}

// Anybody is who makes a request where nobody has to say.
var Anybody = Identity{Name: "anybody", Role: Admin}

// Open says whether everybody is let in right now.
func (g *Gate) Open(ctx context.Context) (bool, error) {
	if !g.open || g.tokens != nil {
		return false, nil
	}
	yes, err := g.keys.Any(ctx)
	return err == nil && !yes, err
}

// Who returns who sends these Authorization headers. ErrMissing, ErrInvalid, ErrExpired and ErrRevoked are about the credentials.
func (g *Gate) Who(ctx context.Context, authorization []string) (Identity, error) {
	switch open, err := g.Open(ctx); {
	case err != nil:
		return Identity{}, err
	case open:
		return Anybody, nil
	case len(authorization) == 0:
		return Identity{}, ErrMissing
	case len(authorization) > 1:
		return Identity{}, fmt.Errorf("%w: more than one Authorization header", ErrInvalid)
	}
	scheme, token, ok := strings.Cut(authorization[0], " ")
	if token = strings.TrimSpace(token); !ok || !strings.EqualFold(scheme, "Bearer") || token == "" {
		return Identity{}, fmt.Errorf("%w: the Authorization header must be Bearer and a key or token", ErrInvalid)
	}
	if isKey(token) || g.tokens == nil {
		return g.keys.Check(ctx, token)
	}
	return g.tokens.check(ctx, token)
}

// Tokens maps what an authenticator of the collector says of a token to a role.
type Tokens struct {
	Server extensionauth.Server
	// Claim is the attribute of the authentication data that names groups, such as membership or claims.roles.
	Claim string
	// Groups are those of each role; "*" stands for everybody whom the authenticator accepts.
	Groups map[Role][]string
}

func (t *Tokens) check(ctx context.Context, token string) (Identity, error) {
	ctx, err := t.Server.Authenticate(ctx, map[string][]string{"authorization": {"Bearer " + token}})
	if err != nil {
		return Identity{}, errors.Join(ErrInvalid, &hidden{err})
	}
	data := client.FromContext(ctx).Auth
	if data == nil {
		return Identity{}, fmt.Errorf("%w: the authenticator says nothing about who this is", ErrInvalid)
	}
	name, _ := data.GetAttribute("subject").(string)
	if name == "" {
		name = "unnamed"
	}
	return Identity{Name: name, Role: t.role(list(data.GetAttribute(t.Claim)))}, nil
}

// role is the strongest that one of the groups gives; none where none does.
func (t *Tokens) role(groups []string) (role Role) {
	for _, r := range Roles {
		for _, want := range t.Groups[r] {
			if want == "*" {
				role = r
			}
			for _, have := range groups {
				if have == want {
					role = r
				}
			}
		}
	}
	return role
}

// list reads a claim: a text, or a list of them.
func list(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []string:
		return v
	case []any:
		var out []string
		for _, e := range v {
			if s, ok := e.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// hidden keeps an authenticator's own words for the log: they may tell an attacker more than the owner.
type hidden struct{ error }

// Cause is what an authenticator said, for the log alone; nil where there is nothing.
func Cause(err error) error {
	var h *hidden
	if errors.As(err, &h) {
		return h.error
	}
	return nil
}
