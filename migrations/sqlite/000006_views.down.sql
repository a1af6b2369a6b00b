DROP INDEX windows_by_time;
