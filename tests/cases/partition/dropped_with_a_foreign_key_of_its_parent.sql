-- before
CREATE TABLE stations (id int PRIMARY KEY);
CREATE TABLE readings (station int, at date NOT NULL, CONSTRAINT of_station FOREIGN KEY (station) REFERENCES stations)
    PARTITION BY RANGE (at);
CREATE TABLE readings_1 PARTITION OF readings FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
CREATE TABLE readings_2 PARTITION OF readings FOR VALUES FROM ('2025-02-01') TO ('2025-03-01');
-- after
CREATE TABLE stations (id int PRIMARY KEY);
CREATE TABLE readings (station int, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE readings_2 PARTITION OF readings FOR VALUES FROM ('2025-02-01') TO ('2025-03-01');
-- expect: hazards=deletes-data
