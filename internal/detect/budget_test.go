package detect

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

const hourNs = uint64(time.Hour)

func TestLevelFollowsTheBudget(t *testing.T) {
	cfg := DefaultConfig()
	b := newBudget(&cfg)
	assert.Equal(t, 1.0/1440, b.level(0), "one service is assumed")
	all := make([]service, 10)
	for i := range all {
		b.saw(&all[i], 100*hourNs)
	}
	assert.InDelta(t, 1.0/14400, b.level(100*hourNs), 1e-12)
	for i := range 5 {
		b.saw(&all[i], 140*hourNs)
	}
	assert.InDelta(t, 1.0/7200, b.level(140*hourNs), 1e-12, "five were not seen for a day")
	assert.Equal(t, 5, b.active())
	b.saw(&all[0], 100*hourNs)
	assert.InDelta(t, 1.0/7200, b.level(140*hourNs), 1e-12, "old data move nobody back")
	cfg.Level.P = 0.25
	assert.Equal(t, 0.25, newBudget(&cfg).level(100*hourNs))
}

func TestHoursAreBounded(t *testing.T) {
	cfg := DefaultConfig()
	b := newBudget(&cfg)
	var v service
	for h := range uint64(100_000) {
		b.saw(&v, h*hourNs)
		other := service{}
		b.saw(&other, h*hourNs)
	}
	assert.LessOrEqual(t, len(b.hours), maxHours+1)
	assert.Equal(t, 26, b.active(), "the 25 hours' others and the one that goes on")
}

// The guarantee: with p-values that are uniform, the false alarms of a day are the budget on average, however many
// services there are, also while they come and go.
func TestUniformPValuesSpendTheBudget(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, services := range []int{1, 30} {
		cfg := DefaultConfig()
		cfg.FalseAlarmsPerDay = 2
		b := newBudget(&cfg)
		all := make([]service, services)
		const days = 400
		alarms := 0
		for minute := range uint64(days * 1440) {
			now := minute * uint64(time.Minute)
			active := services
			if minute/1440%2 == 1 {
				active = (services + 1) / 2
			}
			for i := range active {
				b.saw(&all[i], now)
			}
			level := b.level(now)
			for range active {
				if r.Float64() <= level {
					alarms++
				}
			}
		}
		perDay := float64(alarms) / days
		assert.LessOrEqual(t, perDay, 2.3)
		assert.GreaterOrEqual(t, perDay, 1.2, "a budget that is not spent is a detector that is blunter than asked for")
	}
}

func TestLedger(t *testing.T) {
	var l ledger
	assert.Zero(t, l.spent(100*hourNs))
	l.spend(100 * hourNs)
	l.spend(110 * hourNs)
	l.spend(90 * hourNs)
	assert.Equal(t, 3.0, l.spent(110*hourNs))
	assert.Equal(t, 2.0, l.spent(120*hourNs))
	assert.Equal(t, 1.0, l.spent(133*hourNs))
	assert.Equal(t, 2.0, l.spent(100*hourNs), "what came later in event time is not spent yet")
	for range 10_000 {
		l.spend(200 * hourNs)
	}
	assert.Equal(t, 4096.0, l.spent(200*hourNs))
}
