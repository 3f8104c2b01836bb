package main

import (
	"encoding/json"
	"log"
	"net/http"
)

func routes(s *store, visits *counter) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		if err := s.PingContext(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ok\n"))
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		items, err := s.all(r.Context())
		if err != nil {
			fail(w, err)
			return
		}
		count, err := visits.next(r.Context())
		if err != nil {
			log.Println("the cache does not count:", err)
		}
		answer(w, http.StatusOK, map[string]any{"items": items, "visits": count})
	})
	mux.HandleFunc("POST /items", func(w http.ResponseWriter, r *http.Request) {
		var i item
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&i); err != nil || i.Name == "" || i.Cents < 0 {
			http.Error(w, "want an item with a name and cents", http.StatusBadRequest)
			return
		}
		added, err := s.add(r.Context(), i)
		if err != nil {
			fail(w, err)
			return
		}
		answer(w, http.StatusCreated, added)
	})
	return mux
}

func fail(w http.ResponseWriter, err error) {
	log.Println(err)
	http.Error(w, "the shop is out of order", http.StatusInternalServerError)
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		log.Println(err)
	}
}
