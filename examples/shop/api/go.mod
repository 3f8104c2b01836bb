module github.com/gantry-dev/gantry/examples/shop/api

go 1.26

require github.com/lib/pq v1.10.9
