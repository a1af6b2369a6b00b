package evidence

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"os"
)

// HowToMakeKeys is said where a key is missing or of another kind.
const HowToMakeKeys = "make a pair with `openssl genpkey -algorithm ed25519 -out driftlock.key` and `openssl pkey -in driftlock.key -pubout -out driftlock.pub`"

// LoadPrivateKey reads an Ed25519 key from a PEM file (PKCS #8).
func LoadPrivateKey(path string) (ed25519.PrivateKey, error) {
	der, err := block(path, "PRIVATE KEY")
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("%s is no key in PKCS #8 (%w); %s", path, err, HowToMakeKeys)
	}
	private, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s holds a key that is not Ed25519 (it is a %T); %s", path, key, HowToMakeKeys)
	}
	return private, nil
}

// LoadPublicKey reads the other half of the pair from a PEM file (PKIX).
func LoadPublicKey(path string) (ed25519.PublicKey, error) {
	der, err := block(path, "PUBLIC KEY")
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, fmt.Errorf("%s is no public key (%w); %s", path, err, HowToMakeKeys)
	}
	public, ok := key.(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("%s holds a key that is not Ed25519 (it is a %T); %s", path, key, HowToMakeKeys)
	}
	return public, nil
}

// block reads a PEM file that holds one block of a type. Nothing of its content gets into an error.
func block(path, kind string) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // G304: the configuration or the command line names the file
	if err != nil {
		return nil, fmt.Errorf("read the key: %w", err)
	}
	defer f.Close()
	const most = 64 << 10
	data, err := io.ReadAll(io.LimitReader(f, most))
	if err != nil {
		return nil, fmt.Errorf("read the key: %w", err)
	}
	b, _ := pem.Decode(data)
	if b == nil || b.Type != kind {
		return nil, fmt.Errorf("%s is no PEM file with a %s; %s", path, kind, HowToMakeKeys)
	}
	return b.Bytes, nil
}
