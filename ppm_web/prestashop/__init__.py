"""Everything that PPM knows of the PrestaShop Webservice, and nothing else of PPM (R12, R13).

values        what goes in and out: products, categories, payloads, what a shop is like
transformers  PPM's products and categories → payloads (PrestaShop's fields, canonical values)
diff          what differs between two payloads, and their hash
validation    what PrestaShop would refuse, said before anything is sent
xml           payloads → request bodies, answers → payloads
client        the one door to a shop; raises only PrestaShopError (errors)
shop_check    what stands in the way in a shop, in plain words

The package imports the standard library, requests, defusedxml and python-slugify only: no Flask, no database.
"""
