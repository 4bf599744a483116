// Package parquetfiles keeps the copies of tables as Parquet files in a folder, or in an object store: Amazon S3, Google Cloud
// Storage, Azure Blob Storage, and what speaks their protocols.
//
//	_manifest.json                                  the runs' record, and which files have the rows
//	bitbucket_branch/20261130T081530Z-1.parquet     current rows of a table, each once
//	bitbucket_branch_ended/ended_on=2026-11-30/…    rows of a table with a history that are no longer current
//	_staging/, _lock/                               what a run works with
//
// Rows that are current and rows that ended have the same columns, so a history is all of both.
//
// # What readers see
//
// Publishing writes all new files below _staging, and then a journal of what comes and what goes. Then it moves the files to
// their places, writes the manifest, and deletes the files that the manifest no longer names.
//
// A reader of the manifest, and then of the files that it names, sees all rows of the last run that was published, and nothing
// else, at any time. If a file is gone when it gets there, another run has been published: it reads the manifest again.
//
// A reader of all files in a table's folder, as engines do, sees the same as long as no run is being published. In the moments from
// the first move to the last deletion, it may see rows twice, as they were and as they are. It never misses one. Engines don't
// look into folders whose names begin with an underscore, so it sees nothing of a run before that.
//
// A run that is stopped leaves the manifest as it was, or as it is to be. The next run that opens the place reads the journal,
// and removes the files of the one that was not published, or those that the published one replaced. So if a run was stopped in these
// moments, readers of folders see rows twice until then.
//
// # How one run at a time is ensured
//
// In a folder, the operating system's lock of a file does it. Everywhere, a run writes a file below _lock, with a number that nobody
// else has, and again every quarter of a minute. Who finds another one's file that is less than a minute old gives way. A run that
// could not renew its file for a minute stops before it writes anything else.
package parquetfiles
