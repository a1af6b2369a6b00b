DROP TABLE latest_windows;
DROP TABLE windows;
DROP TABLE anomalies;
