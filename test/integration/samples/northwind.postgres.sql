-- A trader of food, after the public description of the sample database northwind.
CREATE TABLE categories (
  category_id smallint PRIMARY KEY,
  category_name varchar(15) NOT NULL,
  description text,
  picture bytea
);
CREATE TABLE suppliers (
  supplier_id smallint PRIMARY KEY,
  company_name varchar(40) NOT NULL,
  postal_code varchar(10),
  homepage text
);
CREATE TABLE shippers (
  shipper_id smallint PRIMARY KEY,
  company_name varchar(40) NOT NULL,
  phone varchar(24)
);
CREATE TABLE customers (
  customer_id varchar(5) PRIMARY KEY,
  company_name varchar(40) NOT NULL,
  city varchar(15),
  region varchar(15)
);
CREATE INDEX customers_region ON customers (region NULLS FIRST, city DESC);
CREATE TABLE employees (
  employee_id smallint PRIMARY KEY,
  last_name varchar(20) NOT NULL,
  first_name varchar(10) NOT NULL,
  birth_date date,
  salary real,
  reports_to smallint REFERENCES employees
);
CREATE TABLE region (
  region_id smallint PRIMARY KEY,
  region_description varchar(60) NOT NULL
);
CREATE TABLE territories (
  territory_id varchar(20) PRIMARY KEY,
  territory_description varchar(60) NOT NULL,
  region_id smallint NOT NULL REFERENCES region
);
CREATE TABLE employee_territories (
  employee_id smallint NOT NULL REFERENCES employees,
  territory_id varchar(20) NOT NULL REFERENCES territories,
  PRIMARY KEY (employee_id, territory_id)
);
CREATE TABLE products (
  product_id smallint PRIMARY KEY,
  product_name varchar(40) NOT NULL UNIQUE,
  supplier_id smallint REFERENCES suppliers,
  category_id smallint REFERENCES categories,
  unit_price real DEFAULT 0,
  units_in_stock smallint DEFAULT 0,
  reorder_level smallint DEFAULT '0',
  discontinued integer NOT NULL DEFAULT 0,
  note varchar(40) DEFAULT 'none; yet' NOT NULL
);
CREATE TABLE orders (
  order_id smallint PRIMARY KEY,
  customer_id varchar(5) REFERENCES customers,
  employee_id smallint REFERENCES employees,
  order_date date DEFAULT CURRENT_DATE,
  ship_via smallint REFERENCES shippers,
  freight real DEFAULT 0
);
CREATE INDEX orders_order_date ON orders USING brin (order_date);
CREATE INDEX orders_customer ON orders USING hash (customer_id);
CREATE TABLE order_details (
  order_id smallint NOT NULL REFERENCES orders ON DELETE CASCADE,
  product_id smallint NOT NULL REFERENCES products,
  unit_price real NOT NULL,
  quantity smallint NOT NULL DEFAULT 1,
  discount real NOT NULL DEFAULT 0.0,
  PRIMARY KEY (order_id, product_id)
);
CREATE VIEW order_subtotals AS SELECT order_id, sum(unit_price * quantity * (1 - discount)) AS subtotal FROM order_details GROUP BY order_id;
INSERT INTO categories VALUES (1, 'Beverages', 'Soft drinks, coffees', '\x151c2f00'), (2, 'Condiments', NULL, NULL);
INSERT INTO suppliers VALUES (1, 'Exotic Drops', 'EC1 4SD', '#home#'), (2, 'Olga''s Mill', NULL, NULL);
INSERT INTO shippers VALUES (1, 'Fast One', '(503) 555-9831');
INSERT INTO customers VALUES ('ALFKI', 'Alfreds Küche', 'Berlin', NULL), ('ZAZAS', 'Zaza''s', 'México D.F.', 'DF');
INSERT INTO employees VALUES (1, 'Fuller', 'Ann', '1952-02-19', 2254.5, NULL), (2, 'Dodd', 'Ian', NULL, NULL, 1);
INSERT INTO region VALUES (1, 'Eastern'), (2, 'Western');
INSERT INTO territories VALUES ('01581', 'Westboro', 1), ('98004', 'Bellevue', 2);
INSERT INTO employee_territories VALUES (1, '01581'), (2, '98004');
INSERT INTO products VALUES (1, 'Tea', 1, 1, 18, 39, 10, 0), (2, 'Mustard', 2, 2, 21.35, 0, 25, 1), (3, 'Sirup', NULL, NULL, NULL, NULL, NULL, 0);
INSERT INTO orders VALUES (1, 'ALFKI', 1, '1996-07-04', 1, 32.38), (2, 'ZAZAS', 2, '1996-07-05', NULL, 11.61), (3, NULL, NULL, NULL, NULL, 0);
INSERT INTO order_details VALUES (1, 1, 14, 12, 0), (1, 2, 9.8, 10, 0.05), (2, 1, 18, 1, 0.15);
