-- A trader of food, after the public description of the sample database northwind.
CREATE TABLE `Categories` (
  `CategoryID` int NOT NULL AUTO_INCREMENT PRIMARY KEY,
  `CategoryName` varchar(15) NOT NULL,
  `Description` mediumtext,
  `Picture` longblob,
  KEY `CategoryName` (`CategoryName`)
);
CREATE TABLE `Suppliers` (
  `SupplierID` int NOT NULL AUTO_INCREMENT PRIMARY KEY,
  `CompanyName` varchar(40) NOT NULL,
  `PostalCode` varchar(10),
  `HomePage` mediumtext,
  KEY `CompanyName` (`CompanyName`),
  KEY `PostalCode` (`PostalCode`),
  KEY `HomePage` (`HomePage`(20))
);
CREATE TABLE `Shippers` (
  `ShipperID` int NOT NULL AUTO_INCREMENT PRIMARY KEY,
  `CompanyName` varchar(40) NOT NULL,
  `Phone` varchar(24)
);
CREATE TABLE `Customers` (
  `CustomerID` varchar(5) NOT NULL PRIMARY KEY,
  `CompanyName` varchar(40) NOT NULL,
  `City` varchar(15),
  `Region` varchar(15),
  KEY `City` (`City`),
  KEY `Region` (`Region`, `City` DESC)
);
CREATE TABLE `Employees` (
  `EmployeeID` int NOT NULL AUTO_INCREMENT PRIMARY KEY,
  `LastName` varchar(20) NOT NULL,
  `FirstName` varchar(10) NOT NULL,
  `BirthDate` datetime,
  `Salary` float,
  `ReportsTo` int,
  KEY `LastName` (`LastName`),
  CONSTRAINT `FK_Employees_Employees` FOREIGN KEY (`ReportsTo`) REFERENCES `Employees` (`EmployeeID`)
);
CREATE TABLE `Region` (
  `RegionID` int NOT NULL PRIMARY KEY,
  `RegionDescription` varchar(50) NOT NULL
);
CREATE TABLE `Territories` (
  `TerritoryID` varchar(20) NOT NULL PRIMARY KEY,
  `TerritoryDescription` varchar(50) NOT NULL,
  `RegionID` int NOT NULL,
  CONSTRAINT `FK_Territories_Region` FOREIGN KEY (`RegionID`) REFERENCES `Region` (`RegionID`)
);
CREATE TABLE `EmployeeTerritories` (
  `EmployeeID` int NOT NULL,
  `TerritoryID` varchar(20) NOT NULL,
  PRIMARY KEY (`EmployeeID`, `TerritoryID`),
  CONSTRAINT `FK_EmployeeTerritories_Employees` FOREIGN KEY (`EmployeeID`) REFERENCES `Employees` (`EmployeeID`),
  CONSTRAINT `FK_EmployeeTerritories_Territories` FOREIGN KEY (`TerritoryID`) REFERENCES `Territories` (`TerritoryID`)
);
CREATE TABLE `Products` (
  `ProductID` int NOT NULL AUTO_INCREMENT PRIMARY KEY,
  `ProductName` varchar(40) NOT NULL,
  `SupplierID` int,
  `CategoryID` int,
  `QuantityPerUnit` varchar(20),
  `UnitPrice` decimal(10,4) DEFAULT 0,
  `UnitsInStock` smallint DEFAULT 0,
  `ReorderLevel` smallint DEFAULT 0,
  `Discontinued` bit(1) NOT NULL DEFAULT b'0',
  UNIQUE KEY `ProductName` (`ProductName`),
  CONSTRAINT `FK_Products_Categories` FOREIGN KEY (`CategoryID`) REFERENCES `Categories` (`CategoryID`),
  CONSTRAINT `FK_Products_Suppliers` FOREIGN KEY (`SupplierID`) REFERENCES `Suppliers` (`SupplierID`)
);
CREATE TABLE `Orders` (
  `OrderID` int NOT NULL AUTO_INCREMENT PRIMARY KEY,
  `CustomerID` varchar(5),
  `EmployeeID` int,
  `OrderDate` datetime,
  `ShipVia` int,
  `Freight` decimal(10,4) DEFAULT 0,
  `ShipName` varchar(40),
  KEY `OrderDate` (`OrderDate`),
  CONSTRAINT `FK_Orders_Customers` FOREIGN KEY (`CustomerID`) REFERENCES `Customers` (`CustomerID`),
  CONSTRAINT `FK_Orders_Employees` FOREIGN KEY (`EmployeeID`) REFERENCES `Employees` (`EmployeeID`),
  CONSTRAINT `FK_Orders_Shippers` FOREIGN KEY (`ShipVia`) REFERENCES `Shippers` (`ShipperID`)
);
CREATE TABLE `Order Details` (
  `OrderID` int NOT NULL,
  `ProductID` int NOT NULL,
  `UnitPrice` decimal(10,4) NOT NULL DEFAULT 0,
  `Quantity` smallint NOT NULL DEFAULT 1,
  `Discount` double NOT NULL DEFAULT 0,
  PRIMARY KEY (`OrderID`, `ProductID`),
  CONSTRAINT `FK_Order_Details_Orders` FOREIGN KEY (`OrderID`) REFERENCES `Orders` (`OrderID`),
  CONSTRAINT `FK_Order_Details_Products` FOREIGN KEY (`ProductID`) REFERENCES `Products` (`ProductID`)
);
CREATE VIEW `Current Product List` AS SELECT `ProductID`, `ProductName` FROM `Products` WHERE `Discontinued` = 0;
CREATE VIEW `Order Subtotals` AS SELECT `OrderID`, sum(`UnitPrice` * `Quantity` * (1 - `Discount`)) AS `Subtotal` FROM `Order Details` GROUP BY `OrderID`;
INSERT INTO `Categories` (`CategoryName`, `Description`, `Picture`) VALUES ('Beverages', 'Soft drinks, coffees', x'151C2F00'), ('Condiments', NULL, NULL);
INSERT INTO `Suppliers` (`CompanyName`, `PostalCode`, `HomePage`) VALUES ('Exotic Drops', 'EC1 4SD', '#home#'), ('Olga''s Mill', NULL, NULL);
INSERT INTO `Shippers` (`CompanyName`, `Phone`) VALUES ('Fast One', '(503) 555-9831');
INSERT INTO `Customers` VALUES ('ALFKI', 'Alfreds Küche', 'Berlin', NULL), ('ZAZAS', 'Zaza''s', 'México D.F.', 'DF');
INSERT INTO `Employees` (`LastName`, `FirstName`, `BirthDate`, `Salary`, `ReportsTo`) VALUES ('Fuller', 'Ann', '1952-02-19', 2254.5, NULL), ('Dodd', 'Ian', NULL, NULL, 1);
INSERT INTO `Region` VALUES (1, 'Eastern'), (2, 'Western');
INSERT INTO `Territories` VALUES ('01581', 'Westboro', 1), ('98004', 'Bellevue', 2);
INSERT INTO `EmployeeTerritories` VALUES (1, '01581'), (2, '98004');
INSERT INTO `Products` (`ProductName`, `SupplierID`, `CategoryID`, `QuantityPerUnit`, `UnitPrice`, `UnitsInStock`, `Discontinued`) VALUES
  ('Tea', 1, 1, '10 boxes', 18.0000, 39, b'0'), ('Mustard', 2, 2, NULL, 21.3500, 0, b'1'), ('Sirup', NULL, NULL, NULL, NULL, NULL, b'0');
INSERT INTO `Orders` (`CustomerID`, `EmployeeID`, `OrderDate`, `ShipVia`, `Freight`, `ShipName`) VALUES
  ('ALFKI', 1, '1996-07-04', 1, 32.3800, 'Alfreds'), ('ZAZAS', 2, '1996-07-05 08:00:00', NULL, 11.6100, NULL), (NULL, NULL, NULL, NULL, 0, '');
INSERT INTO `Order Details` VALUES (1, 1, 14.0000, 12, 0), (1, 2, 9.8000, 10, 0.05), (2, 1, 18.0000, 1, 0.15);
