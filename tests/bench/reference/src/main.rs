//! The Rust reference of `make bench`: the crate otlp2records with arrow-rs' Parquet writer and Snappy.
//!
//! It does what `otlp2parquet bench` does, with the crate's public API: one OTLP request in memory, in protobuf
//! or JSON, becomes the Parquet bytes of its tables, in memory, N times over, and one line says how long that
//! took:
//!
//!   rows=R in=BYTES out=BYTES min=X.XXms med=X.XXms
//!
//! A measurement is one conversion and the release of its files; the first conversion is not measured. With
//! `--out FOLDER` it measures nothing, and writes what queries are then measured over: requests come from
//! standard input, each with its length before it (4 bytes, big-endian), and `--rows` rows go into a file.
//!
//! The crate's own `to_parquet` always writes uncompressed, so its few lines are repeated here with a codec;
//! everything else is as in that function: arrow-rs' defaults, one row group, dictionaries and statistics.
//! The allocator is the system's, as in every program that chooses none, or mimalloc when the feature of that
//! name is on: most of its time goes into small allocations, so it is faster with that.

use std::error::Error;
use std::fs::File;
use std::hint::black_box;
use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;
use otlp2records::{transform_logs, transform_metrics, transform_traces, InputFormat};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str =
    "usage: reference --signal logs|traces|metrics [--encoding protobuf|json|json-lines] \
[--codec snappy|zstd] [--repeat N] FILE
       reference --signal logs|traces --out FOLDER [--rows N] [--codec snappy|zstd] <REQUESTS";

#[derive(Clone, Copy)]
enum Signal {
    Logs,
    Traces,
    Metrics,
}

struct Arguments {
    signal: Signal,
    format: InputFormat,
    codec: Compression,
    repeat: usize,
    rows: usize,
    out: Option<String>,
    file: Option<String>,
}

fn parse_signal(word: &str) -> Option<Signal> {
    match word {
        "logs" => Some(Signal::Logs),
        "traces" => Some(Signal::Traces),
        "metrics" => Some(Signal::Metrics),
        _ => None,
    }
}

fn parse_encoding(word: &str) -> Option<InputFormat> {
    match word {
        "protobuf" => Some(InputFormat::Protobuf),
        "json" => Some(InputFormat::Json),
        "json-lines" => Some(InputFormat::Jsonl),
        _ => None,
    }
}

fn parse_codec(word: &str) -> Option<Compression> {
    match word {
        "snappy" => Some(Compression::SNAPPY),
        "zstd" => Some(Compression::ZSTD(ZstdLevel::try_new(3).ok()?)),
        _ => None,
    }
}

fn parse_arguments() -> Option<Arguments> {
    let (mut signal, mut repeat, mut rows) = (None, 20, 1_000_000);
    let (mut file, mut out) = (None, None);
    let (mut format, mut codec) = (InputFormat::Protobuf, Compression::SNAPPY);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--signal" => signal = Some(parse_signal(&words.next()?)?),
            "--encoding" => format = parse_encoding(&words.next()?)?,
            "--codec" => codec = parse_codec(&words.next()?)?,
            "--repeat" => repeat = words.next()?.parse().ok().filter(|n| *n > 0)?,
            "--rows" => rows = words.next()?.parse().ok().filter(|n| *n > 0)?,
            "--out" => out = Some(words.next()?),
            _ if word.starts_with("--") => return None,
            _ => file = Some(word),
        }
    }
    if file.is_some() == out.is_some() {
        return None;
    }
    Some(Arguments {
        signal: signal?,
        format,
        codec,
        repeat,
        rows,
        out,
        file,
    })
}

fn properties(codec: Compression) -> Option<WriterProperties> {
    Some(WriterProperties::builder().set_compression(codec).build())
}

fn write(batch: &RecordBatch, codec: Compression) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), properties(codec))?;
    writer.write(batch)?;
    writer.close()?;
    Ok(bytes)
}

/// The tables of one request: those that have rows.
fn tables(
    signal: Signal,
    format: InputFormat,
    request: &[u8],
) -> Result<Vec<RecordBatch>, Box<dyn Error>> {
    Ok(match signal {
        Signal::Logs => vec![transform_logs(request, format)?],
        Signal::Traces => vec![transform_traces(request, format)?],
        Signal::Metrics => {
            let tables = transform_metrics(request, format)?;
            [
                tables.gauge,
                tables.sum,
                tables.histogram,
                tables.exp_histogram,
            ]
            .into_iter()
            .flatten()
            .collect()
        }
    })
}

/// Rows and Parquet files of one request.
fn convert(how: &Arguments, request: &[u8]) -> Result<(usize, Vec<Vec<u8>>), Box<dyn Error>> {
    let tables = tables(how.signal, how.format, request)?;
    let rows = tables.iter().map(RecordBatch::num_rows).sum();
    let files = tables
        .iter()
        .map(|table| write(table, how.codec))
        .collect::<Result<_, _>>()?;
    Ok((rows, files))
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The middle of sorted times; of two in the middle their mean, as `otlp2parquet bench` has it.
fn median(times: &[Duration]) -> f64 {
    milliseconds(times[(times.len() - 1) / 2] + times[times.len() / 2]) / 2.0
}

/// The next request of standard input; none at its end.
fn next_request(input: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match input.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let mut request = vec![0; u32::from_be_bytes(length) as usize];
    input.read_exact(&mut request)?;
    Ok(Some(request))
}

/// Writes the requests of standard input as files FOLDER/NUMBER.parquet: those of one table, each closed when
/// it has its rows.
fn write_files(how: &Arguments, folder: &str) -> Result<(), Box<dyn Error>> {
    let mut input = io::stdin().lock();
    let mut open: Option<(ArrowWriter<File>, usize)> = None;
    let mut files = 0;
    while let Some(request) = next_request(&mut input)? {
        for table in tables(how.signal, how.format, &request)? {
            let (mut writer, rows) = match open.take() {
                Some(open) => open,
                None => {
                    let file = File::create(Path::new(folder).join(format!("{files:05}.parquet")))?;
                    files += 1;
                    (
                        ArrowWriter::try_new(file, table.schema(), properties(how.codec))?,
                        0,
                    )
                }
            };
            writer.write(&table)?;
            if rows + table.num_rows() >= how.rows {
                writer.close()?;
            } else {
                open = Some((writer, rows + table.num_rows()));
            }
        }
    }
    if let Some((writer, _)) = open {
        writer.close()?;
    }
    Ok(())
}

fn measure(how: &Arguments, file: &str) -> Result<(), Box<dyn Error>> {
    let request = std::fs::read(file)?;
    let (mut rows, mut size) = (0, 0);
    let mut times = Vec::with_capacity(how.repeat);
    convert(how, &request)?; // pays for page faults and cold caches
    for _ in 0..how.repeat {
        let start = Instant::now();
        let (converted, files) = convert(how, black_box(&request))?;
        rows = converted;
        size = files.iter().map(Vec::len).sum();
        drop(black_box(files));
        times.push(start.elapsed());
    }
    times.sort();
    println!(
        "rows={rows} in={} out={size} min={:.2}ms med={:.2}ms",
        request.len(),
        milliseconds(times[0]),
        median(&times)
    );
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let Some(how) = parse_arguments() else {
        eprintln!("{USAGE}");
        std::process::exit(2);
    };
    match (&how.out, &how.file) {
        (Some(folder), _) if !matches!(how.signal, Signal::Metrics) => write_files(&how, folder),
        (None, Some(file)) => measure(&how, file),
        _ => {
            eprintln!("{USAGE}");
            std::process::exit(2);
        }
    }
}
