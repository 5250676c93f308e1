-- Whose price a sku has: of two runs of price changes the one accepted last counts, in whatever order they are worked.
ALTER TABLE tbl_sku
    ADD COLUMN priced_at DATETIME(3) NULL COMMENT 'when the run that set the price was accepted, or the price was loaded',
    ADD COLUMN priced_by BIGINT      NULL COMMENT 'the task of that run; NULL: it was loaded';
