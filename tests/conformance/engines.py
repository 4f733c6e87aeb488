"""Readers that need a process, a session or a folder of their own, kept for the whole run."""

from pathlib import Path


class Engines:
    """ClickHouse (chdb) and Spark, each started when first asked for, and folders for them to read."""

    def __init__(self, folder):
        self.folder, self._clickhouse, self._spark, self._links = folder, None, None, 0

    @property
    def clickhouse(self):
        if self._clickhouse is None:
            from chdb.session import Session

            self._clickhouse = Session(str(self.folder / "clickhouse"))
        return self._clickhouse

    @property
    def spark(self):
        """One local session for the whole run. Small files share a task, and all are listed by one thread."""
        if self._spark is None:
            from pyspark.sql import SparkSession

            settings = {
                "spark.ui.enabled": "false",
                "spark.driver.bindAddress": "127.0.0.1",
                "spark.driver.host": "127.0.0.1",
                "spark.driver.memory": "3g",
                "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",  # a short life
                "spark.driver.maxResultSize": "3g",
                "spark.sql.session.timeZone": "UTC",
                "spark.sql.files.openCostInBytes": "1024",
                "spark.sql.sources.parallelPartitionDiscovery.threshold": "1000000",
                "spark.sql.warehouse.dir": str(self.folder / "warehouse"),
                "spark.ui.showConsoleProgress": "false",
            }
            builder = SparkSession.builder.master("local[1]").appName("conformance")
            for name, value in settings.items():
                builder = builder.config(name, value)
            self._spark = builder.getOrCreate()
            self._spark.sparkContext.setLogLevel("ERROR")
        return self._spark

    def folder_of_links(self, files):
        """A new folder with a link to each file, numbered: one glob names them all."""
        self._links += 1
        folder = self.folder / f"links{self._links}"
        folder.mkdir()
        for number, file in enumerate(files):
            (folder / f"{number:05}.parquet").symlink_to(Path(file).resolve())
        return folder

    def close(self):
        if self._clickhouse is not None:
            self._clickhouse.close()
        if self._spark is not None:
            self._spark.stop()
