package storetest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
)

// Texts are anomalies with every kind of text in every place where one may be.
func Texts() []*anomaly.Anomaly {
	all := make([]*anomaly.Anomaly, 8)
	for i := range all {
		all[i] = Anomaly(i)
	}
	all[0].Explanation = `50%_off \ "quoted" 'single'; DROP TABLE anomalies`
	all[1].Explanation = "Größe ÄNDERN 日本語 é\u0301 🙂"
	all[2].Reasons[0] = anomaly.Reason{Signal: anomaly.Logs, Channel: "log_rare", Text: "A \"B\"\\C\tD", Item: "line\nfeed <&>", Context: "After This",
		Severity: "ERROR", TraceIDs: []string{"0AF7651916CD43DD", "b9c7c989f97918e1"}, Sample: `{"k":"V"}`}
	all[3].Reasons = append(all[3].Reasons, anomaly.Reason{Text: "z", Item: "", Sample: "Qx"})
	all[4].Reasons = nil
	all[5].Service = "Süd-KASSE/2"
	all[6].Explanation, all[6].Reasons = "", []anomaly.Reason{{}}
	all[7].Explanation = strings.Repeat("a", 200) + strings.Repeat("xyz ", 400) + "~"
	return all
}

func textIsLiteral(t *testing.T, s Opened, _ *Clock) {
	odd := Anomaly(1)
	odd.Explanation = `50%_off \ "quoted" 'single'; DROP TABLE anomalies`
	add(t, s, odd, Anomaly(2))
	for text, want := range map[string]int{
		`50%_off`: 1, `0%_o`: 1, `5_%`: 0, `%off`: 0, ` \ `: 1, `"quoted" 'single'; DROP`: 1, `drop table`: 1, "%": 2, `user <*> failed`: 2, `x' OR '1'='1`: 0,
		`\`: 1, `\\`: 0, `*`: 2, `?`: 0, `quoted" OR "x`: 0, "NEAR(drop table)": 0, "\n": 2, "\x00": 0,
	} {
		page, err := s.List(t.Context(), store.Query{Text: text})
		require.NoError(t, err)
		require.Len(t, page.Anomalies, want, "q=%q", text)
	}
}

// textIsFoundWhereverItIs looks for pieces of every length of every text, in every order, and for what is nowhere.
func textIsFoundWhereverItIs(t *testing.T, s Opened, _ *Clock) {
	all := Texts()
	for i := range 40 {
		all = append(all, Anomaly(100+i))
	}
	add(t, s, all...)
	r := rand.New(rand.NewPCG(3, 3))
	ask := func(q store.Query) {
		q.Sort = store.Sort{Field: store.Fields[r.IntN(len(store.Fields))], Ascending: r.IntN(2) == 0}
		q.Limit = 1 + r.IntN(30)
		var matching []*anomaly.Anomaly
		for _, a := range all {
			if q.Matches(a) {
				matching = append(matching, a)
			}
		}
		require.Equal(t, naive(matching, store.Query{Sort: q.Sort}), walk(t, s, q, nil), "q=%q, %+v", q.Text, q)
	}
	for _, a := range Texts() {
		text := []rune(store.SearchText(a))
		for range 30 {
			from := r.IntN(len(text))
			q := store.Query{Text: string(text[from:min(from+1+r.IntN(12), len(text))])}
			if r.IntN(2) == 0 {
				q.Text = strings.ToUpper(q.Text)
			}
			if r.IntN(4) == 0 {
				q.Service = "checkout"
			}
			ask(q)
		}
	}
	for _, text := range []string{
		"größe", "GRÖSSE", "GRößE", "Ä", "ä", "日本語", "語 e", "é\u0301 ", "🙂", "a \"b\"\\c\td", "LINE\nFEED", "<&>", `{"k":"v"}`, "0af7651916cd43dd", "süd-kasse/2",
		"~", "xyz ~", "z", "qx", "log_rare", "after this", "nowhere at all", "ab", "~~", "channel", `"signal"`, strings.Repeat("a", 200), strings.Repeat("a", 201), strings.Repeat("xyz ", 400),
	} {
		ask(store.Query{Text: text})
	}
	page, err := s.List(t.Context(), store.Query{Text: "größe"})
	require.NoError(t, err)
	require.Len(t, page.Anomalies, 1)
	page, err = s.List(t.Context(), store.Query{Text: "größe änd"})
	require.NoError(t, err)
	require.Empty(t, page.Anomalies, "only ASCII letters are folded")
}

// textFollowsTheWorstWindow: what is found is what is shown, however the text changed.
func textFollowsTheWorstWindow(t *testing.T, s Opened, _ *Clock) {
	for i := range 30 {
		add(t, s, Anomaly(200+2*i))
	}
	all := Episode(1, 1e-4, 1e-6, 1e-5)
	for i, a := range all {
		a.Explanation = fmt.Sprintf("sole text %d", i)
	}
	ids := func(text string) []string { return walk(t, s, store.Query{Text: text, Limit: 10}, nil) }
	for i, a := range all {
		add(t, s, a)
		for j := range all {
			want := []string{}
			if j == min(i, 1) {
				want = append(want, all[0].ID)
			}
			require.Equal(t, want, ids(fmt.Sprintf("sole text %d", j)), "after statement %d", i)
		}
	}
}
