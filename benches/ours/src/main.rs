//! Longshore's writers: `ours xlsx-fastest|xlsx-balanced|xlsx-smallest|csv|rows|batches ROWS FILE`. `rows` only makes the rows, `batches`
//! the Arrow batches, which is what the writers are given. The file `-` keeps nothing.

use std::fs::File;
use std::hint::black_box;
use std::io::{self, Write};
use std::sync::Arc;

use anyhow::{Context, bail};
use arrow_array::builder::{
    BooleanBuilder, Decimal128Builder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use longshore_protocol::ExportFormat;
use longshore_sheets::{Compression, SheetSpec, open};
use orders::{HEADERS, Order, Orders};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// As large as the batches of the product's sources.
const BATCH_ROWS: u64 = 4096;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [what, rows, file] = arguments.as_slice() else { bail!("usage: ours WHAT ROWS FILE") };
    let rows: u64 = rows.parse()?;
    let orders = Orders::default();
    let (format, compression) = match what.as_str() {
        "rows" => {
            orders.each(1, rows, |order| {
                black_box(order);
            });
            return Ok(());
        }
        "batches" => {
            let mut batches = Batches::new();
            return batches.each(&orders, rows, |batch| {
                black_box(batch);
                Ok(())
            });
        }
        "xlsx-fastest" => (ExportFormat::Xlsx, Compression::Fastest),
        "xlsx-balanced" => (ExportFormat::Xlsx, Compression::Balanced),
        "xlsx-smallest" => (ExportFormat::Xlsx, Compression::Smallest),
        "csv" => (ExportFormat::Csv, Compression::default()),
        _ => bail!("{what} is not known"),
    };
    let sink: Box<dyn Write + Send> = match file.as_str() {
        "-" => Box::new(io::sink()),
        file => Box::new(File::create(file).context("the file")?),
    };
    let mut batches = Batches::new();
    let headers = HEADERS.iter().map(|header| (*header).to_owned()).collect();
    let spec = SheetSpec {
        compression,
        ..SheetSpec::new("Orders".to_owned(), headers, Arc::clone(&batches.schema))
    };
    let mut writer = open(format, spec, sink)?;
    batches.each(&orders, rows, |batch| Ok(writer.write_batch(&batch)?))?;
    writer.finish()?;
    Ok(())
}

struct Batches {
    schema: SchemaRef,
    id: Int64Builder,
    order_no: StringBuilder,
    customer: StringBuilder,
    city: StringBuilder,
    product: StringBuilder,
    unit_price: Decimal128Builder,
    total: Decimal128Builder,
    gift: BooleanBuilder,
    created_at: TimestampMicrosecondBuilder,
    remark: StringBuilder,
}

impl Batches {
    fn new() -> Batches {
        let (text, money) = (DataType::Utf8, DataType::Decimal128(38, 2));
        let moment = DataType::Timestamp(TimeUnit::Microsecond, None);
        let types = [
            DataType::Int64,
            text.clone(),
            text.clone(),
            text.clone(),
            text.clone(),
            money.clone(),
            money,
            DataType::Boolean,
            moment,
            text,
        ];
        let fields: Vec<Field> =
            HEADERS.iter().zip(types).map(|(name, data_type)| Field::new(*name, data_type, true)).collect();
        let money = || Decimal128Builder::new().with_data_type(DataType::Decimal128(38, 2));
        Batches {
            schema: Arc::new(Schema::new(fields)),
            id: Int64Builder::new(),
            order_no: StringBuilder::new(),
            customer: StringBuilder::new(),
            city: StringBuilder::new(),
            product: StringBuilder::new(),
            unit_price: money(),
            total: money(),
            gift: BooleanBuilder::new(),
            created_at: TimestampMicrosecondBuilder::new(),
            remark: StringBuilder::new(),
        }
    }

    fn each(
        &mut self,
        orders: &Orders,
        rows: u64,
        mut take: impl FnMut(RecordBatch) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut first = 1;
        while first <= rows {
            let count = BATCH_ROWS.min(rows + 1 - first);
            orders.each(first, count, |order| self.append(order));
            take(self.finish()?)?;
            first += count;
        }
        Ok(())
    }

    fn append(&mut self, order: &Order<'_>) {
        self.id.append_value(order.id);
        self.order_no.append_value(order.order_no);
        self.customer.append_value(order.customer);
        self.city.append_value(order.city);
        self.product.append_value(order.product);
        self.unit_price.append_value(i128::from(order.unit_price_cents));
        self.total.append_value(i128::from(order.total_cents));
        self.gift.append_value(order.gift);
        self.created_at.append_value(order.created_at * 1_000_000);
        self.remark.append_option(order.remark);
    }

    fn finish(&mut self) -> anyhow::Result<RecordBatch> {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.id.finish()),
            Arc::new(self.order_no.finish()),
            Arc::new(self.customer.finish()),
            Arc::new(self.city.finish()),
            Arc::new(self.product.finish()),
            Arc::new(self.unit_price.finish()),
            Arc::new(self.total.finish()),
            Arc::new(self.gift.finish()),
            Arc::new(self.created_at.finish()),
            Arc::new(self.remark.finish()),
        ];
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }
}
