"""PPM is a guest in a shop: what failed in real ones, each line of issue 10 with the test that shows it.

Without a folder: in tests/services.

| line | test |
| --- | --- |
| a | guest: test_a_linked_product_keeps_all_that_ppm_does_not_hold |
| b | guest: test_at_another_address_a_product_of_the_same_id_stays_as_it_is |
| c | guest: test_after_a_lost_answer_what_was_sold_and_what_people_wrote_stays |
| d | test_shop_stores: test_a_product_and_its_stock_go_to_the_chosen_store_alone |
| e | guest: test_a_language_that_the_shop_gained_keeps_its_texts_when_another_one_is_changed |
| f | test_gone_ids: test_a_product_of_a_category_that_was_deleted_there_goes_to_one_that_is_made_again |
| g | guest: test_the_sum_of_a_products_combinations_is_never_written_and_that_is_told |
| h | guest: test_a_sku_that_is_a_combinations_reference_is_told_and_no_second_product_made |
| i | test_fresh_facts: test_a_new_product_is_made_with_the_copy_of_its_tax_group |
| j | test_catalog_import: test_a_semicolon_file_with_a_dot_before_three_digits_is_told |
| k | test_fresh_facts: test_a_shop_in_another_currency_is_not_published_to_before_somebody_said_how |
| l | guest: test_a_reference_in_other_capitals_is_a_conflict_with_both_and_one_with_a_space_is_linked |
| l | test_catalog_import: test_what_nobody_sees_around_a_sku_is_no_part_of_it |
| m | guest: test_a_category_of_the_file_is_the_one_that_the_shop_writes_in_other_capitals |
| n | test_category_guest: test_a_category_that_the_shop_hides_or_moves_stays_so |
| o | test_taken_images: test_the_pictures_of_a_linked_product_are_not_sent_again_and_its_cover_stays |
| p | test_product_images: test_a_picture_keeps_its_alt_text_and_its_combination_in_another_order |
| q | guest: test_a_shop_in_none_of_the_catalogues_languages_is_told_and_gets_nothing |
| q | guest: test_an_id_that_is_another_language_by_now_gets_no_text_of_ours |
| q | test_fresh_facts: test_languages_are_known_by_their_tag_and_a_shop_without_any_of_ours_is_told |
| s | test_fresh_facts: test_no_tax_can_be_said_of_nought_per_cent_and_of_no_other |
| s | test_fresh_facts: test_the_hint_names_no_group_of_another_rate |
| t | test_catalog_columns: test_stock_is_a_whole_number_that_may_be_below_nought |
| t | test_catalog_columns: test_active_is_read_in_english_and_polish |
| t | test_catalog_columns: test_an_address_with_once_in_it_is_no_event |
| t | test_catalog_import: test_a_product_on_sale_for_nothing_is_taken_and_told |
| t | test_catalog_import: test_arrows_part_the_names_of_a_path |
| u | guest: test_adding_a_shop_that_does_not_answer_is_no_success |
| v | prestashop/test_client_without_patch: test_in_9_the_position_in_a_category_stays_out_too_… |
| w | guest: test_every_write_to_a_shop_that_prints_notices_counts_as_answered |

test_whole_shop.py has the picture of a whole shop before and after each operation.
"""
