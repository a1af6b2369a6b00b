package episode

import (
	"errors"
	"fmt"
)

// State is all that a tracker knows, for a snapshot. It is plain data: any encoder that follows pointers and reads exported
// fields may store it. Take it between two calls and do not change it.
type State struct {
	Services  []*service
	Episodes  []*episode
	Incidents []*incident
	Held      []held
	Order     uint64 // of statements held
	Newest    uint64 // start of the newest judged window
	AtNewest  int    // services that have judged it
	Expected  int    // services that will have
}

// State returns what is known. It shares memory with the tracker: encode it before the next call.
func (t *Tracker) State() *State { return &t.state }

// Restore takes over what State returned, perhaps in another process. The tracker owns it then. What cannot be a state is
// refused, and the tracker is empty.
func (t *Tracker) Restore(s State) error {
	t.state = s
	err := t.index()
	if err != nil {
		t.state = State{}
		_ = t.index() // nothing is not damaged
	}
	return err
}

// index builds the maps from the lists.
func (t *Tracker) index() error {
	s := &t.state
	t.services = make(map[uint64]*service, len(s.Services))
	t.open = make(map[uint64]*episode, len(s.Episodes))
	if len(s.Services) > maxServices || len(s.Episodes) > maxEpisodes || len(s.Incidents) > maxEpisodes || len(s.Held) > maxHeld {
		return fmt.Errorf("episodes: more than the limits allow: %d services, %d episodes, %d incidents, %d held",
			len(s.Services), len(s.Episodes), len(s.Incidents), len(s.Held))
	}
	for _, v := range s.Services {
		if v == nil || t.services[v.Hash] != nil || len(v.Calls) > maxEdges {
			return errors.New("episodes: a service is missing, there twice or calls too many others")
		}
		t.services[v.Hash] = v
	}
	for _, e := range s.Episodes {
		if e == nil || t.open[e.Hash] != nil {
			return errors.New("episodes: an episode is missing or there twice")
		}
		t.open[e.Hash] = e
	}
	for _, in := range s.Incidents {
		if in == nil || len(in.Members) == 0 || len(in.Members) > maxMembers {
			return errors.New("episodes: an incident is missing, empty or too large")
		}
	}
	for _, h := range s.Held {
		if h.Judged == nil || h.Judged.Statement == nil {
			return errors.New("episodes: a statement that is held is missing")
		}
	}
	return nil
}
