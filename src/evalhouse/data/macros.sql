-- JSON as Python's json module spells it, rebuilt from typed columns of `choices`.
-- `outputs` is the list of an item's choices, in order; a double is cast to text as repr() does.

CREATE MACRO lake.json_double(x) AS CASE
    WHEN x IS NULL THEN 'null'
    WHEN isnan(x) THEN 'NaN'
    WHEN isinf(x) THEN if(x > 0, 'Infinity', '-Infinity')
    ELSE CAST(x AS VARCHAR)
END;

CREATE MACRO lake.json_value(x) AS coalesce(CAST(x AS VARCHAR), 'null');

CREATE MACRO lake.per_token(choice) AS choice.sum_logits / greatest(choice.num_tokens, 1);

CREATE MACRO lake.per_char(choice) AS choice.sum_logits / greatest(choice.num_chars, 1);

CREATE MACRO lake.output_value(key, choice) AS CASE key
    WHEN 'sum_logits' THEN lake.json_double(choice.sum_logits)
    WHEN 'sum_logits_uncond' THEN lake.json_double(choice.sum_logits_uncond)
    WHEN 'num_tokens' THEN lake.json_value(choice.num_tokens)
    WHEN 'num_tokens_all' THEN lake.json_value(choice.num_tokens_all)
    WHEN 'num_chars' THEN lake.json_value(choice.num_chars)
    WHEN 'is_greedy' THEN lake.json_value(choice.is_greedy)
    WHEN 'bits_per_byte' THEN lake.json_double(choice.bits_per_byte)
    WHEN 'logits_per_byte' THEN lake.json_double(choice.bits_per_byte)
    WHEN 'logits_per_token' THEN lake.json_double(lake.per_token(choice))
    WHEN 'logits_per_char' THEN lake.json_double(lake.per_char(choice))
    ELSE error('no column rebuilds the output key ' || key)
END;

CREATE MACRO lake.model_output(keys, outputs) AS
    '[' || array_to_string(list_transform(outputs, lambda choice:
        '{' || array_to_string(list_transform(string_split(keys, ','), lambda key:
            '"' || key || '": ' || lake.output_value(key, choice)
        ), ', ') || '}'
    ), ', ') || ']';

CREATE MACRO lake.place_of(scores, best) AS CASE
    WHEN len(list_filter(scores, lambda score: score IS NULL)) = 0
    THEN list_position(scores, best) - 1
END;

CREATE MACRO lake.first_largest(scores) AS lake.place_of(scores, list_max(scores));

CREATE MACRO lake.predicted_index(kind, outputs) AS CASE kind
    WHEN 'raw' THEN lake.first_largest(list_transform(outputs, lambda c: c.sum_logits))
    WHEN 'per_token' THEN lake.first_largest(list_transform(outputs, lambda c: lake.per_token(c)))
    WHEN 'per_char' THEN lake.first_largest(list_transform(outputs, lambda c: lake.per_char(c)))
    WHEN 'per_byte' THEN lake.place_of(
        list_transform(outputs, lambda c: c.bits_per_byte),
        list_min(list_transform(outputs, lambda c: c.bits_per_byte))
    )
    WHEN 'uncond' THEN lake.first_largest(
        list_transform(outputs, lambda c: c.sum_logits - c.sum_logits_uncond)
    )
    ELSE error('no columns predict by ' || kind)
END;

CREATE MACRO lake.item_metric(key, outputs, correct) AS CASE
    WHEN key = 'correct_choice' THEN lake.json_value(correct)
    WHEN key = 'no_answer'
    THEN if(list_max(list_transform(outputs, lambda c: c.sum_logits)) = -999, '1', '0')
    WHEN key = 'sum_logits_corr' THEN lake.json_double(outputs[correct + 1].sum_logits)
    WHEN key = 'bits_per_byte_corr' THEN lake.json_double(outputs[correct + 1].bits_per_byte)
    WHEN key = 'logits_per_token_corr' THEN lake.json_double(lake.per_token(outputs[correct + 1]))
    WHEN key = 'logits_per_char_corr' THEN lake.json_double(lake.per_char(outputs[correct + 1]))
    WHEN starts_with(key, 'predicted_index_')
    THEN lake.json_value(lake.predicted_index(replace(key, 'predicted_index_', ''), outputs))
    WHEN starts_with(key, 'acc_') THEN lake.json_value(
        CAST(lake.predicted_index(replace(key, 'acc_', ''), outputs) = correct AS INTEGER)
    )
    ELSE error('no column rebuilds the metric ' || key)
END;

CREATE MACRO lake.item_metrics(keys, outputs, label) AS
    '{' || array_to_string(list_transform(string_split(keys, ','), lambda key:
        '"' || key || '": ' || lake.item_metric(key, outputs, TRY_CAST(label AS BIGINT))
    ), ', ') || '}';

CREATE MACRO lake.request_json(idx, request_type, request, unconditioned) AS
    '{"idx": ' || lake.json_value(idx)
    || ', "request_type": ' || coalesce(CAST(to_json(request_type) AS VARCHAR), 'null')
    || ', "request": ' || coalesce(request, 'null')
    || ', "unconditioned": ' || if(coalesce(unconditioned, false), 'true', 'false') || '}';
