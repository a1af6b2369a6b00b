package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/driftlock/driftlock/internal/store"
)

// A token is `dlk_`, the key's id in 16 hexadecimal digits, `_`, and 256 random bits in base64url. The prefix lets secret scanners find
// tokens in places where they should not be; the id finds the key, so that only one hash has to be compared.
const prefix = "dlk_"

// The characters of a token's id and secret.
const (
	idLength     = 16
	secretLength = 43
)

// MaxName bounds a key's name in characters.
const MaxName = 128

// NewKey makes a key and the token that opens it. The token is to be shown once; what is stored is its secret's hash.
func NewKey(name string, role Role, expires *time.Time, by string, now time.Time) (k store.Key, token string, hash store.SecretHash, err error) {
	if name = strings.TrimSpace(name); name == "" || utf8.RuneCountInString(name) > MaxName || !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return k, "", hash, fmt.Errorf("the name must have 1 to %d characters and no control characters (got %q)", MaxName, clip(name))
	}
	if _, err := ParseRole(string(role)); err != nil {
		return k, "", hash, err
	}
	if expires != nil {
		at := expires.UTC().Truncate(time.Microsecond)
		if !at.After(now) {
			return k, "", hash, fmt.Errorf("the key would have expired already, at %s", at.Format(time.RFC3339))
		}
		expires = &at
	}
	var id [8]byte
	var secret [32]byte
	_, _ = rand.Read(id[:]) // never fails
	_, _ = rand.Read(secret[:])
	k = store.Key{ID: hex.EncodeToString(id[:]), Name: name, Role: string(role), CreatedAt: now.UTC().Truncate(time.Microsecond), CreatedBy: by, ExpiresAt: expires}
	return k, prefix + k.ID + "_" + base64.RawURLEncoding.EncodeToString(secret[:]), sha256.Sum256(secret[:]), nil
}

func clip(s string) string { return s[:min(len(s), MaxName)] }

// isKey says whether a token claims to be one of ours.
func isKey(token string) bool { return strings.HasPrefix(token, prefix) }

var secrets = base64.RawURLEncoding.Strict()

// parse takes a token apart.
func parse(token string) (id string, hash store.SecretHash, ok bool) {
	rest, ok := strings.CutPrefix(token, prefix)
	if !ok || len(rest) != idLength+1+secretLength || rest[idLength] != '_' {
		return "", hash, false
	}
	for _, c := range []byte(rest[:idLength]) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return "", hash, false
		}
	}
	var encoded [secretLength]byte
	var secret [33]byte // one more than a secret has: what decoding may ask for
	copy(encoded[:], rest[idLength+1:])
	if n, err := secrets.Decode(secret[:], encoded[:]); err != nil || n != 32 { // a line break, which decoding passes over, makes it shorter
		return "", hash, false
	}
	return rest[:idLength], sha256.Sum256(secret[:32]), true
}

// same compares hashes in a time that does not depend on where they differ.
func same(a, b store.SecretHash) bool { return subtle.ConstantTimeCompare(a[:], b[:]) == 1 }
