"""Closed classes of words, written for guard from general knowledge."""

from __future__ import annotations


def _words(text: str) -> list[str]:
    return text.split()


HONORIFICS = _words("""
Mr. Mrs. Ms. Miss Dr. Prof. Professor Sir Madam Mx. Rev. Hon. Lord Lady Mr Mrs Ms Dr Prof Herr Frau Monsieur Madame
Signor Señor Señora Capt. Col. Sgt. Lt. Gen. Judge Sister Father mr. mrs. ms. dr. miss
""")

STREET_TYPES = _words("""
Street St Road Rd Avenue Ave Lane Ln Drive Dr Court Ct Place Pl Square Sq Boulevard Blvd Way Terrace Crescent Close
Parkway Pkwy Highway Hwy Trail Circle Cir Alley Row Walk Gardens Grove Hill Mews Rise View Plaza Loop Ridge Point
Crossing Pike Turnpike Path Run Bend Cove Green Mount Park Quay Wharf Esplanade Parade Expressway Junction Rapids
Falls Shores Springs Mission Landing Lodge Knoll Isle Island Fork Ford Extension Estate Divide Dale Causeway Bypass
Branch Bridge Brook Burg Canyon Cape Center Club Common Corner Course Creek Field Flat Forge Fort Gateway Glen Harbor
Haven Heights Hollow Inlet Key Lake Light Lock Manor Meadow Mill Motorway Mountain Neck Orchard Oval Overpass Passage
Pine Plain Port Prairie Radial Ramp Ranch Rest Route Shoal Skyway Spur Station Stravenue Stream Summit Throughway
Trace Track Trafficway Tunnel Underpass Union Valley Viaduct Village Ville Vista Well
""")
STREET_LEADS = _words("""
Rue Avenue Boulevard Allée Impasse Chemin Place Quai Cours Calle Avenida Plaza Paseo Camino Carrera Via Viale Piazza
Corso Vicolo Largo Strada Rua Praça Travessa Alameda Ulica ul. Aleja al. Jalan Jl. Straße Strasse Platz Weg Gasse Am
Strada Bulevardul Cesta Trg Ulice Náměstí Utca Út Tér Cadde Sokak Sokağı Caddesi Prospekt Ulitsa rue via calle
""")
STREET_ENDS = _words("""
straße strasse str gasse weg platz allee ring damm ufer gade vej allé stræde plads gatan vägen gränd torget gata veien
vegen gate katu tie kuja polku straat laan weg plein gracht kade dreef singel hof steeg
""")
UNIT_WORDS = _words("""
Apt Apt. Apartment Suite Ste Unit Flat Floor Fl Building Bldg Block Room Rm PO P.O. Box Door Level Tower House
""")

COMPANY_ENDS = _words("""
Inc Inc. Ltd Ltd. LLC Corp Corp. Corporation Incorporated Limited PLC plc GmbH AG SA S.A. SARL SAS BV B.V. NV AB AS
A/S Oy SpA S.p.A. Srl Kft Zrt Pty Co Co. Company Group Holdings Partners LLP LP Sons Bros Associates
""")
COMPANY_WORDS = _words("""
Bank Capital Systems Solutions Technologies Technology Software Labs Laboratories Industries International Global
Services Consulting Insurance Pharmaceuticals Energy Motors Airlines Media Networks Financial Ventures Foods Logistics
Analytics Health Healthcare Hospital Clinic University College School Institute Foundation Association Society Council
Ministry Department Agency Commission Committee Federation Union Trust Museum Orchestra Church Club Academy Party
Authority Bureau Court Library Press News Times Post Herald Journal Magazine Records Studios Entertainment Hotel
Resorts Electric Steel Chemical Communications Telecom Mobile Retail Stores Market Supply Products Design Engineering
Construction Properties Realty Investments Securities Mutual Savings Credit Payments Data Cloud Digital Security
Robotics Biotech Therapeutics Genomics Diagnostics Medical Dental Pharmacy Airways Shipping Freight Transport Railways
Brewing Winery Farms Bakery Restaurant Cafe Theatre Theater Ballet Opera Philharmonic Symphony Charity Network
Alliance League Incubator Interactive Works
""")
KNOWN_ORGANISATIONS = [
    line.strip()
    for line in """
Microsoft, Google, Apple, Amazon, IBM, Intel, Oracle, Cisco, Samsung, Sony, Siemens, Bosch, Toyota, Honda, Ford,
General Motors,
Volkswagen, BMW, Tesla, Boeing, Airbus, Lockheed Martin, General Electric, Procter & Gamble, Unilever, Nestle,
Coca-Cola, PepsiCo,
McDonald's, Starbucks, Walmart, Target, Costco, Tesco, IKEA, Nike, Adidas, Zara, Pfizer, Novartis, Roche, Merck,
Bayer, AstraZeneca,
Johnson & Johnson, JPMorgan Chase, Goldman Sachs, Morgan Stanley, Barclays, HSBC, Deutsche Bank, Credit Suisse, UBS,
Santander,
Wells Fargo, Bank of America, American Express, Visa, Mastercard, PayPal, Stripe, Netflix, Disney, Warner Bros.,
Universal,
Facebook, Meta, Twitter, LinkedIn, Uber, Lyft, Airbnb, Spotify, Salesforce, SAP, Adobe, Dell, HP, Lenovo, Huawei,
Alibaba, Tencent,
Baidu, Xiaomi, NVIDIA, AMD, Qualcomm, Ericsson, Nokia, Vodafone, Verizon, AT&T, Comcast, BBC, CNN, Reuters, The New
York Times,
The Guardian, NASA, FBI, CIA, NHS, WHO, UN, United Nations, European Union, EU, NATO, UNICEF, UNESCO, Red Cross,
Amnesty International,
Greenpeace, World Bank, IMF, FDA, IRS, Harvard University, Stanford, MIT, Oxford University, Yale, Princeton,
Deloitte, KPMG, PwC,
Accenture, McKinsey, Bain, FedEx, UPS, DHL, Shell, BP, ExxonMobil, Chevron, Total, Gazprom, Manchester United, Real
Madrid, Liverpool,
Barcelona, Chelsea, Arsenal, Juventus, Bayern Munich, Los Angeles Lakers, New York Yankees, Chicago Bulls, Pixar,
Nintendo, Lego,
Philips, Heineken, Carlsberg, Maersk, Novo Nordisk, Volvo, Ericsson, H&M, Renault, Peugeot, Michelin, L'Oreal, Danone,
Fiat, Ferrari,
Gucci, Prada, Repsol, Telefonica, Petrobras, Vale, Embraer, Tata, Infosys, Wipro, Reliance, Hyundai, Kia, LG,
Panasonic, Hitachi, Toshiba
""".replace("\n", " ").split(",")
    if line.strip()
]

NATIONALITIES = _words("""
Afghan Albanian Algerian American Andorran Angolan Argentine Argentinian Armenian Australian Austrian Azerbaijani
Bahamian Bahraini Bangladeshi Barbadian Belarusian Belgian Belizean Bhutanese Bolivian Bosnian Brazilian British
Bruneian Bulgarian Burmese Burundian Cambodian Cameroonian Canadian Chadian Chilean Chinese Colombian Congolese
Croatian Cuban Cypriot Czech Danish Dominican Dutch Ecuadorian Egyptian Emirati English Eritrean Estonian Ethiopian
Fijian Filipino Finnish French Gabonese Gambian Georgian German Ghanaian Greek Greenlandic Grenadian Guatemalan
Guinean Guyanese Haitian Honduran Hungarian Icelandic Indian Indonesian Iranian Iraqi Irish Israeli Italian Ivorian
Jamaican Japanese Jordanian Kazakh Kenyan Korean Kosovan Kuwaiti Kyrgyz Lao Laotian Latvian Lebanese Liberian Libyan
Lithuanian Luxembourgish Macedonian Malagasy Malawian Malaysian Maldivian Malian Maltese Mauritanian Mauritian Mexican
Moldovan Monegasque Mongolian Montenegrin Moroccan Mozambican Namibian Nepalese Nepali Nicaraguan Nigerian Norwegian
Omani Pakistani Palestinian Panamanian Paraguayan Peruvian Polish Portuguese Qatari Romanian Russian Rwandan
Salvadoran Samoan Saudi Scottish Senegalese Serbian Singaporean Slovak Slovakian Slovene Slovenian Somali Spanish
Sudanese Surinamese Swazi Swedish Swiss Syrian Taiwanese Tajik Tanzanian Thai Tibetan Togolese Tongan Trinidadian
Tunisian Turkish Turkmen Ugandan Ukrainian Uruguayan Uzbek Venezuelan Vietnamese Welsh Yemeni Zambian Zimbabwean
African European Asian Arab Arabic Latin Scandinavian Slavic Nordic Catalan Basque Kurdish Uyghur Chechen Roma
Hispanic Latino Caucasian Bavarian Sicilian Texan Californian Parisian Londoner Swede Dane Finn Pole Turk Scot Briton
Spaniard Frenchman Englishman Irishman Welshman Dutchman Persian Bengali Punjabi Tamil Javanese Hawaiian
""")
RELIGIONS = _words("""
Christian Catholic Protestant Orthodox Muslim Islamic Sunni Shia Jewish Buddhist Hindu Sikh Mormon Lutheran Baptist
Methodist Anglican Evangelical Jain Taoist Atheist Quaker Amish Presbyterian Pentecostal Zoroastrian
""")
POLITICS = _words("""
Republican Democrat Conservative Labour Liberal Socialist Communist Green Libertarian Tory Marxist Nationalist
Democratic
""")
NRP = NATIONALITIES + RELIGIONS + POLITICS

MONTHS = _words("""
January February March April May June July August September October November December
""")
WEEKDAYS = _words("""
Monday Tuesday Wednesday Thursday Friday Saturday Sunday
""")

PLAIN_JOBS = """
accountant, actor, actress, architect, artist, assistant, attorney, author, baker, banker, barber, bartender,
biologist, bookkeeper,
bus driver, butcher, carpenter, cashier, chef, chemist, civil engineer, cleaner, clerk, coach, consultant, cook,
courier, dancer,
data analyst, data scientist, dentist, designer, detective, developer, director, doctor, driver, economist, editor,
electrician,
engineer, farmer, firefighter, fisherman, flight attendant, florist, gardener, graphic designer, hairdresser,
housekeeper,
human resources manager, interpreter, janitor, journalist, judge, lawyer, lecturer, librarian, lifeguard, machinist,
manager,
marketing manager, mathematician, mechanic, midwife, miner, model, musician, nurse, office manager, operator,
optician, painter,
paralegal, paramedic, pharmacist, photographer, physician, physicist, pilot, plumber, police officer, politician,
postman, priest,
product manager, professor, programmer, project manager, psychologist, realtor, receptionist, reporter, sailor, sales
manager,
salesperson, scientist, secretary, security guard, senior software engineer, shop assistant, singer, social worker,
software engineer,
soldier, solicitor, statistician, surgeon, surveyor, tailor, taxi driver, teacher, technician, translator, truck
driver, tutor,
veterinarian, waiter, waitress, web developer, welder, writer, chief executive officer, CEO, CFO, CTO, vice president,
head of operations, team leader, warehouse worker, delivery driver, dental hygienist, nursing assistant, store manager,
research assistant, primary school teacher, registered nurse, cable installer, street cleaner, tour guide, tax adviser,
insurance agent, loan officer, quality inspector, account executive, systems administrator, network engineer, medical
secretary
"""
JOBS = [" ".join(job.split()) for job in PLAIN_JOBS.split(",")]
ROMANISED_GIVEN = _words("""
Wei Fang Min Jing Lei Yan Jie Tao Ming Xin Yu Hao Ling Ping Hui Hong Jun Yong Bin Bo Chen Cheng Dan Dong Feng Gang
Guang Hua Jian Juan Kai Lan Li Lin Long Mei Na Ning Peng Qiang Qing Rong Shan Tian Ting Wen Xia Xiao Yang Ying Yuan
Zhen Zhi Xiaoming Xiuying Jianguo Weidong Meiling Minho Jisoo Jiwoo Seojun Hyun Jihoon Yuna Soojin Minji Sungmin
Haruto Yuto Sota Hina Yui Aoi Sakura Takashi Kenji Akira Hiroshi Naoko Yuki Keiko Daiki Mohammed Ahmed Fatima Omar
Layla Yusuf Aisha Hassan Zainab Khalid Noor Karim Salma Rashid Samira Tariq Leila Farah Mustafa Amina Nguyen Linh
Thanh Minh Duc Hoa Lan Huong Tuan Anh Arjun Priya Rahul Ananya Vikram Deepika Sanjay Kavita Rohan Neha Amit Pooja
Kwame Ama Kofi Abena Chidi Ngozi Emeka Adaeze Thabo Nomsa Sipho Lerato
""")
ROMANISED_LAST = _words("""
Wang Li Zhang Liu Chen Yang Zhao Huang Zhou Wu Xu Sun Hu Zhu Gao Lin He Guo Ma Luo Liang Song Zheng Xie Han Tang Feng
Yu Dong Xiao Cheng Cao Yuan Deng Fu Shen Zeng Peng Lu Su Jiang Cai Jia Ding Wei Xue Ye Yan Pan Du Dai Xia Zhong Wong
Chan Cheung Leung Kwok Kim Lee Park Choi Jung Kang Cho Yoon Jang Lim Han Shin Seo Kwon Hwang Sato Suzuki Takahashi
Tanaka Watanabe Ito Yamamoto Nakamura Kobayashi Kato Yoshida Yamada Sasaki Yamaguchi Matsumoto Inoue Kimura Hayashi
Shimizu Khan Hussain Ali Malik Sheikh Haddad Khoury Nasser Mansour Saleh Farouk Aziz Rahman Tran Le Pham Hoang Phan Vu
Vo Dang Bui Do Ngo Duong Sharma Verma Gupta Singh Patel Reddy Kumar Iyer Nair Mehta Joshi Mensah Owusu Boateng Okafor
Okonkwo Adeyemi Balogun Eze Nkosi Dlamini Mokoena Zulu Abebe Tesfaye
""")
