package pgtest

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { Main(m) }

func TestDatabasesAreApart(t *testing.T) {
	a, b := Database(t), Database(t)
	require.NotEqual(t, a, b)
	for _, url := range []string{a, b} {
		conn, err := pgx.Connect(t.Context(), url)
		require.NoError(t, err)
		_, err = conn.Exec(t.Context(), "CREATE TABLE only_here ()")
		require.NoError(t, err)
		require.NoError(t, conn.Close(t.Context()))
	}
}

func TestServerComesBackAfterKill(t *testing.T) {
	s, err := Start()
	require.NoError(t, err)
	if !s.Ours() {
		t.Skipf("%s names a server that is not ours to kill", Variable)
	}
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	s.execute(t, "CREATE TABLE kept ()")
	require.NoError(t, s.Kill())
	_, err = pgx.Connect(context.Background(), s.URL)
	require.Error(t, err)
	require.NoError(t, s.Again())
	s.execute(t, "DROP TABLE kept")
}
