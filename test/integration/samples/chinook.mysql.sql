-- A shop of music, after the public description of the sample database chinook.
CREATE TABLE `Artist` (
  `ArtistId` int NOT NULL,
  `Name` varchar(120),
  CONSTRAINT `PK_Artist` PRIMARY KEY (`ArtistId`)
);
CREATE TABLE `Genre` (
  `GenreId` int NOT NULL,
  `Name` varchar(120),
  CONSTRAINT `PK_Genre` PRIMARY KEY (`GenreId`)
);
CREATE TABLE `MediaType` (
  `MediaTypeId` int NOT NULL,
  `Name` varchar(120),
  CONSTRAINT `PK_MediaType` PRIMARY KEY (`MediaTypeId`)
);
CREATE TABLE `Playlist` (
  `PlaylistId` int NOT NULL,
  `Name` varchar(120),
  CONSTRAINT `PK_Playlist` PRIMARY KEY (`PlaylistId`)
);
CREATE TABLE `Album` (
  `AlbumId` int NOT NULL,
  `Title` varchar(160) NOT NULL,
  `ArtistId` int NOT NULL,
  CONSTRAINT `PK_Album` PRIMARY KEY (`AlbumId`),
  CONSTRAINT `FK_AlbumArtistId` FOREIGN KEY (`ArtistId`) REFERENCES `Artist` (`ArtistId`) ON DELETE NO ACTION ON UPDATE NO ACTION
);
CREATE INDEX `IFK_AlbumArtistId` ON `Album` (`ArtistId`);
CREATE TABLE `Employee` (
  `EmployeeId` int NOT NULL,
  `LastName` varchar(20) NOT NULL,
  `FirstName` varchar(20) NOT NULL,
  `Title` varchar(30),
  `ReportsTo` int,
  `BirthDate` datetime,
  `HireDate` datetime,
  `Email` varchar(60),
  CONSTRAINT `PK_Employee` PRIMARY KEY (`EmployeeId`),
  CONSTRAINT `FK_EmployeeReportsTo` FOREIGN KEY (`ReportsTo`) REFERENCES `Employee` (`EmployeeId`) ON DELETE NO ACTION ON UPDATE NO ACTION
);
CREATE INDEX `IFK_EmployeeReportsTo` ON `Employee` (`ReportsTo`);
CREATE TABLE `Customer` (
  `CustomerId` int NOT NULL,
  `FirstName` varchar(40) NOT NULL,
  `LastName` varchar(20) NOT NULL,
  `Company` varchar(80),
  `Country` varchar(40),
  `Email` varchar(60) NOT NULL,
  `SupportRepId` int,
  CONSTRAINT `PK_Customer` PRIMARY KEY (`CustomerId`),
  CONSTRAINT `FK_CustomerSupportRepId` FOREIGN KEY (`SupportRepId`) REFERENCES `Employee` (`EmployeeId`) ON DELETE NO ACTION ON UPDATE NO ACTION
);
CREATE INDEX `IFK_CustomerSupportRepId` ON `Customer` (`SupportRepId`);
CREATE TABLE `Invoice` (
  `InvoiceId` int NOT NULL,
  `CustomerId` int NOT NULL,
  `InvoiceDate` datetime NOT NULL,
  `BillingCountry` varchar(40),
  `Total` numeric(10,2) NOT NULL,
  CONSTRAINT `PK_Invoice` PRIMARY KEY (`InvoiceId`),
  CONSTRAINT `FK_InvoiceCustomerId` FOREIGN KEY (`CustomerId`) REFERENCES `Customer` (`CustomerId`) ON DELETE NO ACTION ON UPDATE NO ACTION
);
CREATE INDEX `IFK_InvoiceCustomerId` ON `Invoice` (`CustomerId`);
CREATE TABLE `Track` (
  `TrackId` int NOT NULL,
  `Name` varchar(200) NOT NULL,
  `AlbumId` int,
  `MediaTypeId` int NOT NULL,
  `GenreId` int,
  `Composer` varchar(220),
  `Milliseconds` int NOT NULL,
  `Bytes` int,
  `UnitPrice` numeric(10,2) NOT NULL,
  CONSTRAINT `PK_Track` PRIMARY KEY (`TrackId`),
  CONSTRAINT `FK_TrackAlbumId` FOREIGN KEY (`AlbumId`) REFERENCES `Album` (`AlbumId`) ON DELETE NO ACTION ON UPDATE NO ACTION,
  CONSTRAINT `FK_TrackGenreId` FOREIGN KEY (`GenreId`) REFERENCES `Genre` (`GenreId`) ON DELETE NO ACTION ON UPDATE NO ACTION,
  CONSTRAINT `FK_TrackMediaTypeId` FOREIGN KEY (`MediaTypeId`) REFERENCES `MediaType` (`MediaTypeId`) ON DELETE NO ACTION ON UPDATE NO ACTION
);
CREATE INDEX `IFK_TrackAlbumId` ON `Track` (`AlbumId`);
CREATE INDEX `IFK_TrackGenreId` ON `Track` (`GenreId`);
CREATE INDEX `IFK_TrackMediaTypeId` ON `Track` (`MediaTypeId`);
CREATE TABLE `InvoiceLine` (
  `InvoiceLineId` int NOT NULL,
  `InvoiceId` int NOT NULL,
  `TrackId` int NOT NULL,
  `UnitPrice` numeric(10,2) NOT NULL,
  `Quantity` int NOT NULL,
  CONSTRAINT `PK_InvoiceLine` PRIMARY KEY (`InvoiceLineId`),
  CONSTRAINT `FK_InvoiceLineInvoiceId` FOREIGN KEY (`InvoiceId`) REFERENCES `Invoice` (`InvoiceId`) ON DELETE NO ACTION ON UPDATE NO ACTION,
  CONSTRAINT `FK_InvoiceLineTrackId` FOREIGN KEY (`TrackId`) REFERENCES `Track` (`TrackId`) ON DELETE NO ACTION ON UPDATE NO ACTION
);
CREATE INDEX `IFK_InvoiceLineInvoiceId` ON `InvoiceLine` (`InvoiceId`);
CREATE INDEX `IFK_InvoiceLineTrackId` ON `InvoiceLine` (`TrackId`);
CREATE TABLE `PlaylistTrack` (
  `PlaylistId` int NOT NULL,
  `TrackId` int NOT NULL,
  CONSTRAINT `PK_PlaylistTrack` PRIMARY KEY (`PlaylistId`, `TrackId`),
  CONSTRAINT `FK_PlaylistTrackPlaylistId` FOREIGN KEY (`PlaylistId`) REFERENCES `Playlist` (`PlaylistId`) ON DELETE NO ACTION ON UPDATE NO ACTION,
  CONSTRAINT `FK_PlaylistTrackTrackId` FOREIGN KEY (`TrackId`) REFERENCES `Track` (`TrackId`) ON DELETE NO ACTION ON UPDATE NO ACTION
);
CREATE INDEX `IFK_PlaylistTrackTrackId` ON `PlaylistTrack` (`TrackId`);
INSERT INTO `Artist` VALUES (1, 'Nordlys'), (2, 'Los Andes'), (3, NULL);
INSERT INTO `Genre` VALUES (1, 'Rock'), (2, 'Folk');
INSERT INTO `MediaType` VALUES (1, 'MPEG audio file');
INSERT INTO `Playlist` VALUES (1, 'Music'), (2, 'Empty one');
INSERT INTO `Album` VALUES (1, 'First Snow', 1), (2, 'Altura', 2);
INSERT INTO `Employee` VALUES (1, 'Adams', 'Nina', 'General Manager', NULL, '1962-02-18 00:00:00', '2002-08-14 00:00:00', 'nina@example.com'), (2, 'Berg', 'Otto', 'Sales Agent', 1, NULL, '2003-05-01 00:00:00', NULL);
INSERT INTO `Customer` VALUES (1, 'Luís', 'Gomes', 'Empresa S.A.', 'Brazil', 'luis@example.com', 2), (2, 'Zoë', 'Müller', NULL, 'Germany', 'zoe@example.com', NULL);
INSERT INTO `Invoice` VALUES (1, 1, '2021-01-01 00:00:00', 'Brazil', 1.98), (2, 2, '2021-01-02 12:30:00', NULL, 0.99);
INSERT INTO `Track` VALUES (1, 'Snowfall', 1, 1, 1, 'N. Ordlys', 343719, 11170334, 0.99), (2, 'Viento', 2, 1, 2, NULL, 205662, NULL, 0.99), (3, 'Loose end', NULL, 1, NULL, NULL, 1000, 1, 1.99);
INSERT INTO `InvoiceLine` VALUES (1, 1, 1, 0.99, 1), (2, 1, 2, 0.99, 1), (3, 2, 2, 0.99, 1);
INSERT INTO `PlaylistTrack` VALUES (1, 1), (1, 2);
