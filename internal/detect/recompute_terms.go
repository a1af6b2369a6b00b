package detect

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/driftlock/driftlock/internal/cbad"
)

// checkTerms computes the shares of items again, and where all are listed whether they add up to their channel's statistic.
func checkTerms(path string, data json.RawMessage, channels []cbad.Channel) error {
	if len(data) == 0 {
		return nil
	}
	var groups []json.RawMessage
	if err := json.Unmarshal(data, &groups); err != nil {
		return inconsistent(path, "must be a list: %v", err)
	}
	for i, raw := range groups {
		here := fmt.Sprintf("%s/%d", path, i)
		shares, err := cbad.RecomputeTerms(raw)
		if err != nil {
			return inconsistent(here, "cannot be priced again: %v", err)
		}
		var stated struct {
			Channel  cbad.ChannelKind `json:"channel"`
			Complete bool             `json:"complete"`
			Terms    []struct {
				Bits float64 `json:"bits"`
			} `json:"terms"`
		}
		if err := json.Unmarshal(raw, &stated); err != nil {
			return inconsistent(here, "cannot be read: %v", err)
		}
		if len(stated.Terms) != len(shares) {
			return inconsistent(here+"/terms", "has %d items, not %d", len(stated.Terms), len(shares))
		}
		sum := 0.0
		for k, share := range shares {
			if share != stated.Terms[k].Bits {
				return inconsistent(fmt.Sprintf("%s/terms/%d/bits", here, k), "is %v, its counts give %v", stated.Terms[k].Bits, share)
			}
			sum += share
		}
		at := slices.IndexFunc(channels, func(c cbad.Channel) bool { return c.Kind == stated.Channel })
		if at < 0 {
			return inconsistent(here+"/channel", "%s was not judged", stated.Channel)
		}
		if c := channels[at]; stated.Complete && sum != c.Statistic || sum > c.Statistic {
			return inconsistent(here, "add up to %v, the statistic of %s is %v", sum, stated.Channel, c.Statistic)
		}
	}
	return nil
}
