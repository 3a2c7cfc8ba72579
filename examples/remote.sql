-- At the remote, MySQL, MariaDB or PostgreSQL: what the other scripts read.
CREATE TABLE customers (
  id integer NOT NULL PRIMARY KEY,
  name varchar(60) NOT NULL,
  city varchar(40)
);
CREATE TABLE orders (
  id bigint NOT NULL PRIMARY KEY,
  customer integer NOT NULL,
  state varchar(10) NOT NULL,
  price decimal(10,2) NOT NULL,
  ordered_on date NOT NULL,
  FOREIGN KEY (customer) REFERENCES customers (id)
);
CREATE INDEX orders_by_state ON orders (state);
INSERT INTO customers VALUES (1, 'Ana', 'Madrid'), (2, 'Björn', 'Malmö'), (3, 'Chloé', NULL);
INSERT INTO orders VALUES
  (1, 1, 'paid', 12.50, '2026-11-01'),
  (2, 1, 'open', 7.00, '2026-11-02'),
  (3, 2, 'paid', 99.90, '2026-11-02'),
  (4, 3, 'shipped', 5.25, '2026-11-03');
