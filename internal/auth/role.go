// Package auth says who makes a request and what they may do: API keys of our own, or tokens that an authenticator of the collector checks.
// It does not know routes or HTTP answers, and it stores nothing itself.
package auth

import (
	"fmt"
	"slices"
)

// Role is what somebody may do. Each includes the one before.
type Role string

// The roles.
const (
	Reader Role = "reader" // see everything but keys
	Writer Role = "writer" // and change the status of anomalies, post events
	Admin  Role = "admin"  // and manage keys
)

// Roles are all of them, the weakest first.
var Roles = []Role{Reader, Writer, Admin}

// ParseRole reads a role's name.
func ParseRole(name string) (Role, error) {
	if !slices.Contains(Roles, Role(name)) {
		return "", fmt.Errorf("the role must be reader, writer or admin (got %q)", name)
	}
	return Role(name), nil
}

// Includes says whether this role may do what another may. No role may do anything.
func (r Role) Includes(other Role) bool {
	return slices.Index(Roles, r) >= slices.Index(Roles, other) && slices.Contains(Roles, other)
}

// Identity is who makes a request.
type Identity struct {
	Name string // the key's name or the token's subject
	Role Role
	Key  string // the key's id; empty for tokens
}
