package evidence

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/gowebpki/jcs"

	"github.com/driftlock/driftlock/internal/anomaly"
)

// MaxBundle bounds what is read as a bundle. One is a few ten KiB; an anomaly is at most 64 KiB, its history at most 500 rows.
const MaxBundle = 8 << 20

// Check is how a bundle is checked.
type Check struct {
	// Recompute makes the verdict from the statistics. An error that has a Location names the member at fault.
	Recompute func(statistics []byte) (*anomaly.Verdict, error)
	// CoreVersion is the core that Recompute uses.
	CoreVersion string
	// Trusted is the only key whose signature counts; without one a signature is checked with the key it brings.
	Trusted ed25519.PublicKey
}

// Report is what a check found.
type Report struct {
	Bundle *Bundle
	// Differences are members that are not what they should be.
	Differences []Difference
	// Signer is the id of the key that signed; empty: not signed. Trusted: it is the key that was asked for.
	Signer  string
	Trusted bool
	// SignatureProblem says why the signature does not count, where it does not.
	SignatureProblem string
	// Unverifiable says why the verdict cannot be made again here, where it cannot.
	Unverifiable string
}

// Difference is a member that is not what it should be.
type Difference struct {
	Path string // a JSON pointer
	Have string // in the bundle
	Want string // what follows from the rest
}

// Parse reads a bundle strictly: nothing unknown, nothing twice, one value, of bounded size and depth.
func Parse(data []byte) (*Bundle, error) {
	if len(data) > MaxBundle {
		return nil, fmt.Errorf("a bundle has at most %d bytes (got %d)", MaxBundle, len(data))
	}
	whole, err := jcs.Transform(data) // refuses what RFC 8785 has no form for
	if err != nil {
		return nil, fmt.Errorf("not a bundle: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(whole))
	d.DisallowUnknownFields()
	b := new(Bundle)
	if err := d.Decode(b); err != nil {
		return nil, fmt.Errorf("not a bundle: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("not a bundle: something follows it")
	}
	if b.Body.Schema != Schema {
		return nil, fmt.Errorf("a bundle of schema %q, this build reads %q", clip(b.Body.Schema), Schema)
	}
	return b, nil
}

// Verify checks the digest, the signature and that the verdict follows from the statistics, to the bit.
func Verify(data []byte, c Check) (*Report, error) {
	b, err := Parse(data)
	if err != nil {
		return nil, err
	}
	var raw struct{ Body json.RawMessage }
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, fmt.Errorf("not a bundle: %w", err)
	}
	body, err := jcs.Transform(raw.Body)
	if err != nil {
		return nil, fmt.Errorf("not a bundle: %w", err)
	}
	r := &Report{Bundle: b}
	if err := r.digest(body); err != nil {
		return nil, err
	}
	r.signature(body, c.Trusted)
	r.verdict(c)
	return r, nil
}

// digest compares the hashes and names the members that were changed.
func (r *Report) digest(body []byte) error {
	want := r.Bundle.Digest
	have, err := digestOf(body)
	if err != nil {
		return err
	}
	names := slices.Collect(maps.Keys(have.Parts))
	for name := range want.Parts {
		if _, ok := have.Parts[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if want.Parts[name] != have.Parts[name] {
			r.differ("/body/"+name, "SHA-256 "+orMissing(have.Parts[name]), "SHA-256 "+orMissing(want.Parts[name])+" by /digest/parts/"+name)
		}
	}
	if want.SHA256 != have.SHA256 {
		r.differ("/digest/sha256", clip(want.SHA256), have.SHA256)
	}
	return nil
}

func orMissing(s string) string {
	if s == "" {
		return "(missing)"
	}
	return clip(s)
}

// signature checks who signed.
func (r *Report) signature(body []byte, trusted ed25519.PublicKey) {
	s := r.Bundle.Signature
	if s == nil {
		if trusted != nil {
			r.SignatureProblem = "the bundle is not signed, and a signature by key " + KeyID(trusted) + " was asked for"
		}
		return
	}
	public, err := base64.StdEncoding.DecodeString(s.PublicKey)
	value, err2 := base64.StdEncoding.DecodeString(s.Value)
	switch {
	case s.Algorithm != Algorithm:
		r.SignatureProblem = fmt.Sprintf("signed with %q, this build knows %s", clip(s.Algorithm), Algorithm)
	case err != nil || len(public) != ed25519.PublicKeySize:
		r.SignatureProblem = "/signature/public_key is no Ed25519 key"
	case err2 != nil || len(value) != ed25519.SignatureSize:
		r.SignatureProblem = "/signature/value is no Ed25519 signature"
	case s.KeyID != KeyID(public):
		r.SignatureProblem = fmt.Sprintf("/signature/key_id is %q, that of its public key is %s", clip(s.KeyID), KeyID(public))
	case trusted != nil && !trusted.Equal(ed25519.PublicKey(public)):
		r.SignatureProblem = fmt.Sprintf("signed by key %s, not by key %s, which was asked for", KeyID(public), KeyID(trusted))
	case !ed25519.Verify(public, body, value):
		r.SignatureProblem = fmt.Sprintf("the signature is not that of key %s over this body", KeyID(public))
	default:
		r.Signer, r.Trusted = KeyID(public), trusted != nil
	}
}

// verdict makes the verdict again and compares.
func (r *Report) verdict(c Check) {
	b := &r.Bundle.Body
	if len(b.Statistics) == 0 {
		r.Unverifiable = fmt.Sprintf("it has no statistics: core %s stated it in a build that kept none, or it is the end of an episode", orMissing(b.CoreVersion))
		return
	}
	var h header
	if err := json.Unmarshal(b.Statistics, &h); err == nil && h.CoreVersion != b.CoreVersion {
		r.differ("/body/core_version", clip(b.CoreVersion), "the statistics say "+clip(h.CoreVersion))
	}
	before := len(r.Differences)
	v, err := c.Recompute(b.Statistics)
	var at interface{ Location() string }
	switch {
	case errors.As(err, &at):
		r.differ("/body/statistics"+at.Location(), "no verdict follows", err.Error())
	case err != nil:
		r.differ("/body/statistics", "no verdict follows", err.Error())
	default:
		r.compare(&b.Verdict, v)
		r.identity(v)
	}
	if b.CoreVersion != c.CoreVersion && len(r.Differences) > before {
		r.Unverifiable = fmt.Sprintf("core %s stated it, this is core %s, whose arithmetic may be another: check it with a build of that version", orMissing(b.CoreVersion), c.CoreVersion)
	}
}

func (r *Report) compare(have, want *anomaly.Verdict) {
	var trees [2]any
	for i, v := range []*anomaly.Verdict{have, want} {
		data, err := canonical(v)
		if err == nil {
			trees[i], err = decode(data)
		}
		if err != nil {
			r.differ("/body/verdict", "cannot be compared", err.Error())
			return
		}
	}
	r.walk("/body/verdict", trees[0], trees[1])
}

// walk compares two values leaf by leaf. Numbers are compared as their shortest decimals, which are equal where bits are.
func (r *Report) walk(path string, have, want any) {
	switch h := have.(type) {
	case map[string]any:
		if w, ok := want.(map[string]any); ok {
			keys := slices.Collect(maps.Keys(h))
			for k := range w {
				if _, ok := h[k]; !ok {
					keys = append(keys, k)
				}
			}
			slices.Sort(keys)
			for _, k := range keys {
				r.walk(path+"/"+k, h[k], w[k])
			}
			return
		}
	case []any:
		if w, ok := want.([]any); ok && len(h) == len(w) {
			for i := range h {
				r.walk(fmt.Sprintf("%s/%d", path, i), h[i], w[i])
			}
			return
		}
	default:
		if have == want {
			return
		}
	}
	r.differ(path, text(have), text(want))
}

// identity checks the anomaly's id, which is that of its episode's first statement: of the same service, begun when the
// episode did, of one of the signals.
func (r *Report) identity(v *anomaly.Verdict) {
	var s anomaly.Anomaly
	if err := json.Unmarshal(r.Bundle.Body.Statement, &s); err != nil {
		r.differ("/body/statement", "cannot be read", err.Error())
		return
	}
	if s.Service != v.Service {
		r.differ("/body/statement/service", clip(s.Service), clip(v.Service))
	}
	id, first := s.ID, v.WindowStart
	if s.Episode != nil {
		if id != s.Episode.ID && id != v.StatementID {
			r.differ("/body/statement/id", clip(id), "neither this statement's id, "+v.StatementID+", nor its episode's")
		}
		id, first = s.Episode.ID, s.Episode.Started
	}
	var could []string
	for _, hash := range []string{v.ConfigHash, s.ConfigHash} {
		for _, signal := range []anomaly.Signal{v.StreamType, anomaly.Logs, anomaly.Metrics, anomaly.Traces} {
			could = append(could, anomaly.NewID(v.ComponentID, v.Service, string(signal), first, hash))
		}
	}
	if !slices.Contains(could, id) {
		r.differ("/body/statement/id", clip(id), could[0]+", or that of another signal: what component, service, start and configuration give")
	}
}

func (r *Report) differ(path, have, want string) {
	r.Differences = append(r.Differences, Difference{path, have, want})
}

func text(v any) string {
	data, err := json.Marshal(v)
	if err != nil || v == nil {
		return "(missing)"
	}
	return clip(string(data))
}

func clip(s string) string {
	const most = 200
	if s = strings.ToValidUTF8(s, "\uFFFD"); len(s) > most {
		return s[:most] + "…"
	}
	return s
}
