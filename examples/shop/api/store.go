package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"time"

	_ "github.com/lib/pq"
)

// item is something that the shop sells.
type item struct {
	ID    int    `json:"id"`
	Name  string `json:"name"`
	Cents int    `json:"cents"`
}

// store keeps items in PostgreSQL.
type store struct{ *sql.DB }

func openStore(ctx context.Context) (*store, error) {
	password, err := os.ReadFile(os.Getenv("DATABASE_PASSWORD_FILE"))
	if err != nil {
		return nil, fmt.Errorf("read the database's password: %w", err)
	}
	source := url.URL{
		Scheme: "postgres", Host: os.Getenv("DATABASE_HOST"), Path: os.Getenv("DATABASE_NAME"),
		User: url.UserPassword(os.Getenv("DATABASE_USER"), strings.TrimSpace(string(password))), RawQuery: "sslmode=disable&connect_timeout=5",
	}
	db, err := sql.Open("postgres", source.String())
	if err != nil {
		return nil, err
	}
	if err := reach(ctx, db); err != nil {
		return nil, fmt.Errorf("reach the database: %w", err)
	}
	return &store{db}, nil
}

// reach waits for the database's first answer: the rules of a network may come
// to know a new pod a moment after it has started.
func reach(ctx context.Context, db *sql.DB) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		err := db.PingContext(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func (s *store) migrate(ctx context.Context) error {
	_, err := s.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS items (id serial PRIMARY KEY, name text NOT NULL, cents integer NOT NULL)`)
	if err == nil {
		fmt.Println("shop-api: the tables are there")
	}
	return err
}

func (s *store) add(ctx context.Context, i item) (item, error) {
	err := s.QueryRowContext(ctx, `INSERT INTO items (name, cents) VALUES ($1, $2) RETURNING id`, i.Name, i.Cents).Scan(&i.ID)
	return i, err
}

func (s *store) all(ctx context.Context) ([]item, error) {
	rows, err := s.QueryContext(ctx, `SELECT id, name, cents FROM items ORDER BY id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	items := []item{}
	for rows.Next() {
		var i item
		if err := rows.Scan(&i.ID, &i.Name, &i.Cents); err != nil {
			return nil, err
		}
		items = append(items, i)
	}
	return items, rows.Err()
}

func (s *store) report(ctx context.Context, w io.Writer) error {
	items, err := s.all(ctx)
	if err != nil {
		return err
	}
	total := 0
	for _, i := range items {
		total += i.Cents
	}
	_, err = fmt.Fprintf(w, "%d items worth %d.%02d\n", len(items), total/100, total%100)
	return err
}
