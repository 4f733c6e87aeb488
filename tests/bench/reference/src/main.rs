//! The Rust reference of `make bench`: the crate otlp2records with arrow-rs' Parquet writer and Snappy.
//!
//! It does what `otlp2parquet bench` does, with the crate's public API: one OTLP request in memory, in protobuf
//! or JSON, becomes the Parquet bytes of its tables, in memory, N times over, and one line says how long that
//! took:
//!
//!   rows=R in=BYTES out=BYTES min=X.XXms med=X.XXms
//!
//! A measurement is one conversion and the release of its files; the first conversion is not measured.
//!
//! The crate's own `to_parquet` always writes uncompressed, so its few lines are repeated here with a codec;
//! everything else is as in that function: arrow-rs' defaults, one row group, dictionaries and statistics.
//! The allocator is mimalloc, with which it is fastest: most of its time goes into small allocations.

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;
use otlp2records::{transform_logs, transform_metrics, transform_traces, InputFormat};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str =
    "usage: reference --signal logs|traces|metrics [--encoding protobuf|json|json-lines] \
[--codec snappy|zstd] [--repeat N] FILE";

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
    file: String,
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
    let (mut signal, mut repeat, mut file) = (None, 20, None);
    let (mut format, mut codec) = (InputFormat::Protobuf, Compression::SNAPPY);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--signal" => signal = Some(parse_signal(&words.next()?)?),
            "--encoding" => format = parse_encoding(&words.next()?)?,
            "--codec" => codec = parse_codec(&words.next()?)?,
            "--repeat" => repeat = words.next()?.parse().ok().filter(|n| *n > 0)?,
            _ if word.starts_with("--") => return None,
            _ => file = Some(word),
        }
    }
    Some(Arguments {
        signal: signal?,
        format,
        codec,
        repeat,
        file: file?,
    })
}

fn write(batch: &RecordBatch, codec: Compression) -> Result<Vec<u8>, Box<dyn Error>> {
    let properties = WriterProperties::builder().set_compression(codec).build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties))?;
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

fn main() -> Result<(), Box<dyn Error>> {
    let Some(how) = parse_arguments() else {
        eprintln!("{USAGE}");
        std::process::exit(2);
    };
    let request = std::fs::read(&how.file)?;
    let (mut rows, mut size) = (0, 0);
    let mut times = Vec::with_capacity(how.repeat);
    convert(&how, &request)?; // pays for page faults and cold caches
    for _ in 0..how.repeat {
        let start = Instant::now();
        let (converted, files) = convert(&how, black_box(&request))?;
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
