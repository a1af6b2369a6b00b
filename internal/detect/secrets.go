package detect

import (
	"strings"

	"github.com/driftlock/driftlock/internal/cbad"
	"github.com/driftlock/driftlock/internal/redact"
)

// Every text of a statement that comes from the data passes through here before it is put into words: templates, samples, excerpts,
// names of operations and series, and resource attributes. The service's name is who is meant, and stays. Nothing here decides
// anything, and only windows that are stated pay for it.

// Sizes at which the core cuts records; such a text may end within a secret.
const cutRecord = 1024

// hideSecrets redacts the texts of an item.
func (d *Detector) hideSecrets(it *cbad.Item) {
	it.Template, it.ContextTemplate, it.Usual = d.secrets.Text(it.Template), d.secrets.Text(it.ContextTemplate), d.secrets.Text(it.Usual)
	it.Sample = d.shownRecord(it.Sample)
}

// shownRecord redacts a record, which the core may have cut.
func (d *Detector) shownRecord(text string) string {
	if strings.HasSuffix(text, "…") || len(text) >= cutRecord-4 {
		return d.secrets.Cut(text)
	}
	return d.secrets.Text(text)
}

// shownName is nameOf without secrets, which a careless operation's name may hold.
func (d *Detector) shownName(h uint64) string { return d.secrets.Text(d.nameOf(h)) }

// shownResource is a copy of a resource's attributes without secrets, as command lines may hold them.
func (d *Detector) shownResource(attributes map[string]string) map[string]string {
	if attributes == nil {
		return nil
	}
	out := make(map[string]string, len(attributes))
	for key, value := range attributes {
		out[key] = d.secrets.Text(value)
		// A key may say that its value is a secret, all of it.
		if probe := key + "=x"; d.secrets.Text(probe) != probe {
			out[key] = redact.Mark
		}
	}
	return out
}
