package evidence

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/gowebpki/jcs"
)

// Digest is the SHA-256 of the body's canonical form (RFC 8785), in hex, and that of each of its members, which tells what
// was changed where the whole no longer fits.
type Digest struct {
	SHA256 string            `json:"sha256"`
	Parts  map[string]string `json:"parts"`
}

// Signature signs the body's canonical form. The public key makes it checkable by itself; whether the key is to be
// trusted only somebody who has it from elsewhere can say.
type Signature struct {
	Algorithm string `json:"algorithm"` // Ed25519
	KeyID     string `json:"key_id"`
	PublicKey string `json:"public_key"` // 32 bytes, base64
	Value     string `json:"value"`      // 64 bytes, base64
}

// Algorithm is the only one there is.
const Algorithm = "Ed25519"

// Seal hashes the body, signs it where there is a key, and gives the bundle in canonical form: the same body and key give
// the same bytes.
func Seal(b *Body, key ed25519.PrivateKey) (bundle []byte, digest string, err error) {
	body, err := canonical(b)
	if err != nil {
		return nil, "", err
	}
	d, err := digestOf(body)
	if err != nil {
		return nil, "", err
	}
	out := struct {
		Body      json.RawMessage `json:"body"`
		Digest    Digest          `json:"digest"`
		Signature *Signature      `json:"signature,omitempty"`
	}{Body: body, Digest: d}
	if key != nil {
		public, ok := key.Public().(ed25519.PublicKey)
		if !ok {
			return nil, "", fmt.Errorf("sign the bundle: the key has no public half")
		}
		out.Signature = &Signature{
			Algorithm: Algorithm, KeyID: KeyID(public), PublicKey: base64.StdEncoding.EncodeToString(public),
			Value: base64.StdEncoding.EncodeToString(ed25519.Sign(key, body)),
		}
	}
	bundle, err = canonical(out)
	return bundle, d.SHA256, err
}

// canonical is a value's JSON as RFC 8785 writes it.
func canonical(v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write the bundle: %w", err)
	}
	out, err := jcs.Transform(data)
	if err != nil {
		return nil, fmt.Errorf("write the bundle in canonical form: %w", err)
	}
	return out, nil
}

// digestOf hashes a canonical body and its members.
func digestOf(body []byte) (Digest, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return Digest{}, fmt.Errorf("the body is no object: %w", err)
	}
	d := Digest{SHA256: hash(body), Parts: make(map[string]string, len(members))}
	for name, part := range members {
		d.Parts[name] = hash(part) // of a canonical text every part is canonical
	}
	return d, nil
}

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// KeyID names a public key: the first 16 digits of its SHA-256.
func KeyID(key ed25519.PublicKey) string { return hash(key)[:16] }
