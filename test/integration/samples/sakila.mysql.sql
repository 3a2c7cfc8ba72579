-- A DVD rental shop, after the public description of the sample database sakila.
CREATE TABLE actor (
  actor_id smallint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  first_name varchar(45) NOT NULL,
  last_name varchar(45) NOT NULL,
  last_update timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  KEY idx_actor_last_name (last_name)
);
CREATE TABLE country (
  country_id smallint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  country varchar(50) NOT NULL,
  last_update timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP
);
CREATE TABLE city (
  city_id smallint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  city varchar(50) NOT NULL,
  country_id smallint unsigned NOT NULL,
  last_update timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  KEY idx_fk_country_id (country_id),
  CONSTRAINT fk_city_country FOREIGN KEY (country_id) REFERENCES country (country_id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE TABLE address (
  address_id smallint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  address varchar(50) NOT NULL,
  address2 varchar(50) DEFAULT NULL,
  district varchar(20) NOT NULL,
  city_id smallint unsigned NOT NULL,
  postal_code varchar(10) DEFAULT NULL,
  phone varchar(20) NOT NULL,
  location geometry NOT NULL,
  last_update timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  KEY idx_fk_city_id (city_id),
  SPATIAL KEY idx_location (location),
  CONSTRAINT fk_address_city FOREIGN KEY (city_id) REFERENCES city (city_id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE TABLE language (
  language_id tinyint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name char(20) NOT NULL,
  last_update timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP
);
CREATE TABLE category (
  category_id tinyint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name varchar(25) NOT NULL,
  last_update timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP
);
CREATE TABLE film (
  film_id smallint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  title varchar(128) NOT NULL,
  description text,
  release_year year DEFAULT NULL,
  language_id tinyint unsigned NOT NULL,
  original_language_id tinyint unsigned DEFAULT NULL,
  rental_duration tinyint unsigned NOT NULL DEFAULT 3,
  rental_rate decimal(4,2) NOT NULL DEFAULT 4.99,
  length smallint unsigned DEFAULT NULL,
  replacement_cost decimal(5,2) NOT NULL DEFAULT 19.99,
  rating enum('G','PG','PG-13','R','NC-17') DEFAULT 'G',
  special_features set('Trailers','Commentaries','Deleted Scenes','Behind the Scenes') DEFAULT NULL,
  last_update timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  KEY idx_title (title),
  KEY idx_fk_language_id (language_id),
  KEY idx_fk_original_language_id (original_language_id),
  CONSTRAINT fk_film_language FOREIGN KEY (language_id) REFERENCES language (language_id) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT fk_film_language_original FOREIGN KEY (original_language_id) REFERENCES language (language_id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE TABLE film_actor (
  actor_id smallint unsigned NOT NULL,
  film_id smallint unsigned NOT NULL,
  last_update timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (actor_id, film_id),
  KEY idx_fk_film_id (film_id),
  CONSTRAINT fk_film_actor_actor FOREIGN KEY (actor_id) REFERENCES actor (actor_id) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT fk_film_actor_film FOREIGN KEY (film_id) REFERENCES film (film_id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE TABLE film_category (
  film_id smallint unsigned NOT NULL,
  category_id tinyint unsigned NOT NULL,
  last_update timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (film_id, category_id),
  KEY fk_film_category_category (category_id),
  CONSTRAINT fk_film_category_film FOREIGN KEY (film_id) REFERENCES film (film_id) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT fk_film_category_category FOREIGN KEY (category_id) REFERENCES category (category_id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE TABLE film_text (
  film_id smallint unsigned NOT NULL PRIMARY KEY,
  title varchar(255) NOT NULL,
  description text,
  FULLTEXT KEY idx_title_description (title, description)
);
CREATE TABLE store (
  store_id tinyint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  manager_staff_id tinyint unsigned NOT NULL,
  address_id smallint unsigned NOT NULL,
  last_update timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  UNIQUE KEY idx_unique_manager (manager_staff_id),
  KEY idx_fk_address_id (address_id),
  CONSTRAINT fk_store_address FOREIGN KEY (address_id) REFERENCES address (address_id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE TABLE staff (
  staff_id tinyint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  first_name varchar(45) NOT NULL,
  last_name varchar(45) NOT NULL,
  address_id smallint unsigned NOT NULL,
  picture blob DEFAULT NULL,
  email varchar(50) DEFAULT NULL,
  store_id tinyint unsigned NOT NULL,
  active tinyint(1) NOT NULL DEFAULT 1,
  username varchar(16) NOT NULL,
  password varchar(40) DEFAULT NULL,
  last_update timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  KEY idx_fk_store_id (store_id),
  KEY idx_fk_address_id (address_id),
  CONSTRAINT fk_staff_store FOREIGN KEY (store_id) REFERENCES store (store_id) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT fk_staff_address FOREIGN KEY (address_id) REFERENCES address (address_id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE TABLE customer (
  customer_id smallint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  store_id tinyint unsigned NOT NULL,
  first_name varchar(45) NOT NULL,
  last_name varchar(45) NOT NULL,
  email varchar(50) DEFAULT NULL,
  address_id smallint unsigned NOT NULL,
  active tinyint(1) NOT NULL DEFAULT 1,
  create_date datetime NOT NULL,
  last_update timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  KEY idx_fk_store_id (store_id),
  KEY idx_fk_address_id (address_id),
  KEY idx_last_name (last_name),
  CONSTRAINT fk_customer_address FOREIGN KEY (address_id) REFERENCES address (address_id) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT fk_customer_store FOREIGN KEY (store_id) REFERENCES store (store_id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE TABLE inventory (
  inventory_id mediumint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  film_id smallint unsigned NOT NULL,
  store_id tinyint unsigned NOT NULL,
  last_update timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  KEY idx_fk_film_id (film_id),
  KEY idx_store_id_film_id (store_id, film_id),
  CONSTRAINT fk_inventory_store FOREIGN KEY (store_id) REFERENCES store (store_id) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT fk_inventory_film FOREIGN KEY (film_id) REFERENCES film (film_id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE TABLE rental (
  rental_id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
  rental_date datetime NOT NULL,
  inventory_id mediumint unsigned NOT NULL,
  customer_id smallint unsigned NOT NULL,
  return_date datetime DEFAULT NULL,
  staff_id tinyint unsigned NOT NULL,
  last_update timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  UNIQUE KEY rental_date (rental_date, inventory_id, customer_id),
  KEY idx_fk_inventory_id (inventory_id),
  KEY idx_fk_customer_id (customer_id),
  KEY idx_fk_staff_id (staff_id),
  CONSTRAINT fk_rental_staff FOREIGN KEY (staff_id) REFERENCES staff (staff_id) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT fk_rental_inventory FOREIGN KEY (inventory_id) REFERENCES inventory (inventory_id) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT fk_rental_customer FOREIGN KEY (customer_id) REFERENCES customer (customer_id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE TABLE payment (
  payment_id smallint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  customer_id smallint unsigned NOT NULL,
  staff_id tinyint unsigned NOT NULL,
  rental_id int DEFAULT NULL,
  amount decimal(5,2) NOT NULL,
  payment_date datetime NOT NULL,
  last_update timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  KEY idx_fk_staff_id (staff_id),
  KEY idx_fk_customer_id (customer_id),
  CONSTRAINT fk_payment_rental FOREIGN KEY (rental_id) REFERENCES rental (rental_id) ON DELETE SET NULL ON UPDATE CASCADE,
  CONSTRAINT fk_payment_customer FOREIGN KEY (customer_id) REFERENCES customer (customer_id) ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT fk_payment_staff FOREIGN KEY (staff_id) REFERENCES staff (staff_id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE VIEW customer_list AS
  SELECT cu.customer_id AS id, CONCAT(cu.first_name, ' ', cu.last_name) AS name, a.address, a.postal_code AS `zip code`,
    a.phone, city.city, country.country, IF(cu.active, 'active', '') AS notes, cu.store_id AS sid
  FROM customer cu JOIN address a ON cu.address_id = a.address_id JOIN city ON a.city_id = city.city_id
    JOIN country ON city.country_id = country.country_id;
CREATE VIEW film_list AS
  SELECT film.film_id AS fid, film.title, category.name AS category, film.rental_rate AS price, film.rating
  FROM film JOIN film_category ON film.film_id = film_category.film_id
    JOIN category ON film_category.category_id = category.category_id;
INSERT INTO actor (first_name, last_name) VALUES ('ADA', 'NORTH'), ('BORIS', 'WEST'), ('CHLOÉ', 'SUD');
INSERT INTO country (country) VALUES ('Norway'), ('Perú');
INSERT INTO city (city, country_id) VALUES ('Tromsø', 1), ('Cusco', 2);
INSERT INTO address (address, district, city_id, postal_code, phone, location) VALUES
  ('1 Harbour Road', 'North', 1, '9008', '5550101', ST_GeomFromText('POINT(18.95 69.65)')),
  ('2 Plaza Mayor', 'Cusco', 2, NULL, '', ST_GeomFromText('POINT(-71.97 -13.53)')),
  ('3 Long Lane', 'North', 1, '', '5550103', ST_GeomFromText('POINT(18.96 69.66)'));
INSERT INTO language (name) VALUES ('English'), ('Français');
INSERT INTO category (name) VALUES ('Drama'), ('Documentary');
INSERT INTO film (title, description, release_year, language_id, original_language_id, length, rating, special_features) VALUES
  ('COLD WATER', 'A sailor''s tale; of ice', 2006, 1, NULL, 86, 'PG', 'Trailers,Deleted Scenes'),
  ('LA MONTAGNE', NULL, 1998, 2, 1, NULL, 'NC-17', ''),
  ('BLANK', 'One \\ backslash', NULL, 1, NULL, 48, NULL, NULL);
INSERT INTO film_actor (actor_id, film_id) VALUES (1, 1), (2, 1), (3, 2);
INSERT INTO film_category (film_id, category_id) VALUES (1, 1), (2, 2), (3, 1);
INSERT INTO film_text SELECT film_id, title, description FROM film;
INSERT INTO store (manager_staff_id, address_id) VALUES (1, 1), (2, 2);
INSERT INTO staff (first_name, last_name, address_id, picture, email, store_id, active, username) VALUES
  ('Mia', 'Hill', 3, x'89504E470D0A1A0A00', 'mia@example.com', 1, 1, 'mia'), ('Jon', 'Dale', 2, NULL, NULL, 2, 0, 'jon');
ALTER TABLE store ADD CONSTRAINT fk_store_staff FOREIGN KEY (manager_staff_id) REFERENCES staff (staff_id) ON DELETE RESTRICT ON UPDATE CASCADE;
INSERT INTO customer (store_id, first_name, last_name, email, address_id, create_date) VALUES
  (1, 'ANN', 'LEE', 'ann@example.com', 3, '2020-02-14 22:04:36'), (2, 'RAÚL', 'DÍAZ', NULL, 2, '2021-01-01 00:00:00');
INSERT INTO inventory (film_id, store_id) VALUES (1, 1), (1, 2), (2, 2);
INSERT INTO rental (rental_date, inventory_id, customer_id, return_date, staff_id) VALUES
  ('2022-05-24 22:53:30', 1, 1, '2022-05-26 22:04:30', 1), ('2022-05-25 00:00:00', 3, 2, NULL, 2);
INSERT INTO payment (customer_id, staff_id, rental_id, amount, payment_date) VALUES
  (1, 1, 1, 2.99, '2022-05-25 11:30:37'), (2, 2, 2, 0.99, '2022-05-25 00:00:01'), (1, 2, NULL, 5.00, '2022-06-01 10:00:00');
